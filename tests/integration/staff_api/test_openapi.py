"""The OpenAPI document says what the answers really are."""

from tests.fixtures.staff_api import StaffApi


async def test_every_operation_is_described(staff_api: StaffApi) -> None:
    document = (await staff_api.http.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["access"]["name"] == "Cf-Access-Jwt-Assertion"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert {"401", "500", "503"} <= operation["responses"].keys(), where


async def test_errors_are_described_as_problems(staff_api: StaffApi) -> None:
    document = (await staff_api.http.get("/openapi.json")).json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "ProblemField" in document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status >= "400" and (status, "Health") != ("503", _model(answer)):
                    assert answer["content"].keys() == {"application/problem+json"}, operation


async def test_the_page_shows_every_operation_and_schema(staff_api: StaffApi) -> None:
    document = (await staff_api.http.get("/openapi.json")).json()
    page = (await staff_api.http.get("/docs")).text
    for operations in document["paths"].values():
        for operation in operations.values():
            assert f"id='{operation['operationId']}'" in page
    for name in document["components"]["schemas"]:
        assert f"id='schema-{name}'" in page
    assert "src=" not in page


async def test_one_other_origin_may_call_if_it_is_named(staff_api: StaffApi) -> None:
    preflight = {
        "Origin": "https://dashboard.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "if-match",
    }
    closed = await staff_api.http.options("/api/health", headers=preflight)
    assert "access-control-allow-origin" not in closed.headers
    settings = staff_api.bindings.settings
    named = settings.model_copy(update={"CORS_ORIGIN": "https://dashboard.example"})
    staff_api.configure(settings=named)
    asked = staff_api.with_token(None) | preflight
    opened = await staff_api.http.options("/api/health", headers=asked)
    assert opened.status_code == 200
    assert opened.headers["access-control-allow-origin"] == "https://dashboard.example"
    other = await staff_api.http.options(
        "/api/health", headers=asked | {"Origin": "https://evil.example"}
    )
    assert other.status_code == 400


def _model(answer: dict[str, object]) -> str:
    text = str(answer)
    return "Health" if "schemas/PlatformHealth'" in text else "Problem"
