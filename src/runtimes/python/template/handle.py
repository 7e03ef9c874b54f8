# Called once per request. `payload` is the query, form or JSON body; what is returned is the answer.
def handle(context, payload):
    return f"Hello, {payload.get('name', 'world')}!\n"
