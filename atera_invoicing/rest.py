"""What the REST settings name. Nothing here may import `rest_framework.views`, which reads those settings; see viewsets.py."""

from rest_framework.filters import SearchFilter
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.throttling import UserRateThrottle


class KeysetPagination(CursorPagination):
    ordering = "-id"


class OrjsonRenderer(JSONRenderer):
    pass


class StrictJSONParser(JSONParser):
    pass


class NulSafeSearchFilter(SearchFilter):
    pass


class PerUserThrottle(UserRateThrottle):
    pass


class RolePermission(IsAuthenticated):
    pass


def problem(exc, context):
    from rest_framework.views import exception_handler

    return exception_handler(exc, context)
