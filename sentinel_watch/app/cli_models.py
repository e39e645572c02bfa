"""The verbs of `model` on the command line."""

# ruff: noqa: PLC0415 - imports wait for their verb

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sentinel_watch.app.cli_options import DEFAULT_WORKSPACE, Workspace

__all__ = ["models"]

models = typer.Typer(no_args_is_help=True, help="Train, evaluate and verify models that say what an event is.")

DEFAULT_MODEL = "mining-pairs/1.1.1"


@models.command("train")
def model_train(
    recipe: Annotated[Path, typer.Argument(metavar="FILE", help="Recipe, as models/mining-pairs/recipe.toml.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of labelled pairs.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where NAME/VERSION is written.")] = Path("models"),
) -> None:
    """Train a model; the same recipe and data give the same bytes."""
    from sentinel_watch.app.models import train_model

    train_model(recipe, data, out)


@models.command("evaluate")
def model_evaluate(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of labelled pairs.")],
    model: Annotated[str, typer.Option(metavar="NAME/VERSION|DIR", help="A shipped model or a model's folder.")] = DEFAULT_MODEL,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where evaluation.html and evaluation.json are written.")] = Path("evaluation"),
) -> None:
    """Judge a model by labelled pairs: figures with intervals, plots, what it stands."""
    from sentinel_watch.app.models import evaluate_model

    evaluate_model(data, model, out)


@models.command("collect")
def model_collect(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where reviewed.npz and reviewed.csv are written.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write the reviewed alerts of a workspace as labelled pairs, to train and judge models on."""
    from sentinel_watch.app.models import collect_pairs

    collect_pairs(workspace, out)


@models.command("verify")
def model_verify(
    model: Annotated[str, typer.Argument(metavar="NAME/VERSION|DIR", help="A shipped model or a model's folder.")] = DEFAULT_MODEL,
) -> None:
    """Check a model's files against its card."""
    from sentinel_watch.app.models import verify

    verify(model)
