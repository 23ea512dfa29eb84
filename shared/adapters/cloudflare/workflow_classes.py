"""The classes that the engine runs, made of our Workflows: only their names differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from shared.adapters.cloudflare.workflows import class_name, run_workflow
from shared.ports import Json, JsonObject, Step
from workers import WorkflowEntrypoint

Held = TypeVar("Held")
Definition = Callable[[Step, JsonObject, Held], Awaitable[Json]]


def workflow_classes(
    definitions: Mapping[str, Definition[Held]], bindings_of: Callable[[Any], Held]
) -> dict[str, type]:
    """Return the class of each Workflow by the class's name.

    Args:
        definitions: The Workflows by name, such as `csv-export`.
        bindings_of: Gives the ports for one run out of the Worker's environment.
    """
    classes = [
        _workflow_class(class_name(name), definition, bindings_of)
        for name, definition in definitions.items()
    ]
    return {one.__name__: one for one in classes}


def _workflow_class(
    name: str, definition: Definition[Held], bindings_of: Callable[[Any], Held]
) -> type:
    async def run(self: Any, event: Any, step: Any) -> Json:
        """Run an instance."""
        return await run_workflow(definition, event, step, bindings_of(self.env))

    return type(name, (WorkflowEntrypoint,), {"run": run, "__doc__": "The Workflow of that name."})
