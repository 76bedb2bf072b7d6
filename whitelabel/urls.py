from django.urls import path, re_path

from . import views

app_name = "whitelabel"
urlpatterns = [
    path("", views.LookPage.as_view(), name="look"),
    path("<int:pk>/logo.png", views.LogoImage.as_view(), name="logo"),
    re_path(r"^paint/(?P<color>[0-9a-fA-F]{6})\.css$", views.Paint.as_view(), name="paint"),
]
