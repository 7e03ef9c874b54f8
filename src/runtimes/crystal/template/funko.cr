require "http/server"

server = HTTP::Server.new do |context|
  context.response.content_type = "text/plain"
  case context.request.path
  when "/"     then context.response.print "Hello from Crystal!\n"
  when "/ping" then context.response.print "OK" # Slipway asks here whether this instance is well.
  else              context.response.respond_with_status(:not_found)
  end
  # A connection that is closed with a body half read cuts the answer off on its way.
  context.request.body.try(&.skip_to_end)
end

server.bind_tcp "0.0.0.0", ENV.fetch("PORT", "3000").to_i
puts "listening"
server.listen
