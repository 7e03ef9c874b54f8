require "kemal"

get "/" do
  "Hello from Kemal!\n"
end

# Slipway asks here whether this instance is well.
get "/ping" do
  "OK"
end

Kemal.run(ENV.fetch("PORT", "3000").to_i)
