from django.urls import path

from . import views

app_name = "whitelabel"
urlpatterns = [
    path("", views.LookPage.as_view(), name="look"),
    path("<int:pk>/logo.png", views.LogoImage.as_view(), name="logo"),
]
