import pytest

from devtools.host.routes import RouteInvalid, compile_route


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("api/webhooks/slack", "api/webhooks/slack", {}),
        ("api/webhooks/slack", "API/Webhooks/Slack/", {}),
        ("api/webhooks/salesforce/{key}", "api/webhooks/salesforce/k%20%2F1", {"key": "k /1"}),
        ("api/shards/{id?}", "api/shards", {}),
        ("api/shards/{id?}", "api/shards/7", {"id": "7"}),
        ("api/files/{*rest}", "api/files/a/b.txt", {"rest": "a/b.txt"}),
        ("api/files/{*rest}", "api/files", {}),
        ("api/items/{id:int}", "api/items/42", {"id": "42"}),
        ("api/items/{name}.json", "api/items/report.json", {"name": "report"}),
        ("/api/odd.path", "api/odd.path", {}),
    ],
)
def test_a_route_gives_its_parameters(template: str, path: str, parameters: dict[str, str]) -> None:
    assert compile_route(template).match(path) == parameters


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("api/webhooks/slack", "api/webhooks/slack/more"),
        ("api/webhooks/slack", "webhooks/slack"),
        ("api/shards/{id}", "api/shards"),
        ("api/shards/{id}", "api/shards/a/b"),
        ("api/items/{id:int}", "api/items/forty"),
        ("api/odd.path", "api/oddxpath"),
    ],
)
def test_another_path_does_not_match(template: str, path: str) -> None:
    assert compile_route(template).match(path) is None


def test_literals_come_before_parameters_and_those_before_catch_alls() -> None:
    templates = ["api/{*rest}", "api/{id}", "api/health"]

    ranked = sorted((compile_route(template) for template in templates), key=lambda route: route.rank)

    assert [route.template for route in ranked] == ["api/health", "api/{id}", "api/{*rest}"]


@pytest.mark.parametrize("template", ["api/{id:regex(a)}", "api/{id:int:min(1)}", "api/{open", "api/close}", "api/{id}/{id}"])
def test_what_is_not_imitated_is_refused(template: str) -> None:
    with pytest.raises(RouteInvalid):
        compile_route(template)
