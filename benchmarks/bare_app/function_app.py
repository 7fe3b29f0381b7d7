"""A function that does nothing but answer: what the host, the connection and the machine take, whatever a webhook does."""

import azure.functions as func

app = func.FunctionApp()


@app.function_name("bare")
@app.route("webhooks/slack", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def bare(req: func.HttpRequest) -> func.HttpResponse:
    """Answer."""
    return func.HttpResponse("", status_code=200)
