"""A function on the python runtime: called once per request, what it returns is the answer."""


def handle(context, payload):
    numbers = payload.get("n", [])
    values = [numbers] if isinstance(numbers, str) else numbers
    # A ValueError is the caller's mistake: the answer is a 400.
    return {"sum": sum(int(value) for value in values)}
