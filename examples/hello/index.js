// A function on the node runtime: called once per request, what it returns is the answer. No server, no packages.
module.exports = (context, payload) => `Hello, ${payload.name ?? "world"}!\n`;
