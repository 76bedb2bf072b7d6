from django.urls import path

from . import views

app_name = "customers"
urlpatterns = [
    path("", views.CustomerList.as_view(), name="list"),
    path("new/", views.CustomerNew.as_view(), name="new"),
    path("<int:pk>/", views.CustomerPage.as_view(), name="detail"),
    path("<int:pk>/edit/", views.CustomerEdit.as_view(), name="edit"),
    path("<int:pk>/archive/", views.CustomerArchive.as_view(), name="archive"),
    path("<int:pk>/restore/", views.CustomerRestore.as_view(), name="restore"),
    path("<int:customer>/contacts/new/", views.ContactPage.as_view(), name="contact-new"),
    path("contacts/<int:pk>/", views.ContactPage.as_view(), name="contact"),
    path("contacts/<int:pk>/archive/", views.ContactArchive.as_view(), name="contact-archive"),
    path("contacts/<int:pk>/restore/", views.ContactRestore.as_view(), name="contact-restore"),
]
