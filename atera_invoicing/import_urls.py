from django.urls import path

from . import import_views as views

app_name = "imports"
urlpatterns = [
    path("", views.StartPage.as_view(), name="start"),
    path("<slug:kind>/template.csv", views.TemplateFile.as_view(), name="template"),
    path("<uuid:uid>/", views.ReviewPage.as_view(), name="review"),
    path("<uuid:uid>/problems.csv", views.ProblemsFile.as_view(), name="problems"),
    path("<uuid:uid>/done/", views.ResultPage.as_view(), name="result"),
]
