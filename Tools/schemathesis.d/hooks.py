"""What schemathesis can't know of our media types: bodies are bytes, notes are text."""
import schemathesis


@schemathesis.serializer(
    "application/vnd.sheaf.bundle", "text/vnd.sheaf.enrolment")
def body(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.deserializer("text/vnd.sheaf.checkpoint", "text/plain")
def note(ctx, response):
    return response.content.decode()
