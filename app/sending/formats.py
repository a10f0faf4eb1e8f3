"""placeholder until merged"""

FORMATS = ("standard", "slack", "teams", "discord")


def body_of(format, event):
    import json

    return json.dumps(dict(event)).encode()
