"""Generic page classes. A view names its permission, its template and the verb; the rest is here.

    class CustomerList(ListPage):
        permission = "customers.view_customer"
        template_name = "customers/list.html"
        title = "Customers"
        queryset = Customer.objects.active()
        search_fields = ["name", "reference"]
        sortable = {"name": "name", "added": "id"}
        sort = "name"

Every page asks for a log-in first and for the permission second (403 page). A `Refused` from a verb
is shown beside the form or as a message. Everything works without JavaScript.
"""

from .base import DetailPage, ObjectPage, Page, is_ours, say
from .forms import ActionPage, FormPage, ReasonForm
from .lists import Bulk, ListPage

__all__ = [
    "ActionPage",
    "Bulk",
    "DetailPage",
    "FormPage",
    "ListPage",
    "ObjectPage",
    "Page",
    "ReasonForm",
    "is_ours",
    "say",
]
