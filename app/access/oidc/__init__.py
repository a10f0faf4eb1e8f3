"""Single sign-on by OpenID Connect Core 1.0: an extra, ``openhours[oidc]``, and off unless an issuer is set."""
