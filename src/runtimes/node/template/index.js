// Called once per request. `payload` is the query, form or JSON body; what is returned is the answer.
module.exports = (context, payload) => `Hello, ${payload.name ?? "world"}!\n`;
