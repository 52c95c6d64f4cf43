"""Checks the generated configuration against Envoy's own types, the contracts, and Envoy itself.

Needs the development dependencies (`xds-protos`); nothing that runs imports this module.
"""

from __future__ import annotations

import pkgutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.json_format import ParseDict, ParseError

import gavel
from gavel.mesh.bootstrap import static_bootstrap
from gavel.mesh.consistency import methods_are_routed, methods_match_contracts, names_agree
from gavel.mesh.files import dump
from gavel.mesh.methods import methods
from gavel.mesh.sample import XDS_FOLDER, sample, sample_files

VALIDATION_TIMEOUT_S = 30


def problems(folder: Path) -> Iterator[str]:
    """Everything that is wrong with the sample mesh, or with the copy of it committed in `folder`."""
    texts = dict(sample_files())
    documents = {name: yaml.safe_load(text) for name, text in texts.items()}
    elastic = static_bootstrap(sample(elastic=True), XDS_FOLDER)
    for name, document in [*documents.items(), ("static/mesh.yaml (elastic)", elastic)]:
        yield from (f"{name}: {problem}" for problem in schema_problems(document))
    eds = [document for name, document in documents.items() if name.startswith("xds/eds/")]
    cds, lds, rds = (documents[f"xds/{kind}.yaml"] for kind in ("cds", "lds", "rds"))
    yield from names_agree(cds, eds, lds, rds)
    yield from methods_are_routed(methods(), rds)
    yield from methods_match_contracts(methods(), contract_services())
    for text in (texts["static/mesh.yaml"], dump(elastic)):
        yield from envoy_problems(text)
    yield from committed_problems(folder, texts)


def schema_problems(document: dict[str, Any]) -> Iterator[str]:
    """What does not fit Envoy's types, also deep inside a `typed_config`: a misspelt field above all."""
    for name in sorted(set(_types_in(document))):
        _import_all(name.removeprefix("type.googleapis.com/").rpartition(".")[0])
    if "resources" in document:
        message = import_module("envoy.service.discovery.v3.discovery_pb2").DiscoveryResponse()
    else:
        message = import_module("envoy.config.bootstrap.v3.bootstrap_pb2").Bootstrap()
    try:
        ParseDict(document, message)
    except ParseError as error:
        yield str(error)


def envoy_problems(static: str) -> Iterator[str]:
    """What Envoy itself says against a static bootstrap (its text)."""
    envoy = Path(sysconfig.get_path("scripts")) / "envoy"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(static)
        file.flush()
        result = subprocess.run(
            [envoy, "--mode", "validate", "--log-level", "error", "--config-path", file.name],
            capture_output=True,
            text=True,
            timeout=VALIDATION_TIMEOUT_S,
            check=False,
        )
    if result.returncode != 0:
        yield f"envoy --mode validate: {(result.stderr or result.stdout).strip()}"


def committed_problems(folder: Path, texts: Mapping[str, str]) -> Iterator[str]:
    """Where the files in `folder` are not those that the generator gives."""
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    for name in sorted(present | set(texts)):
        if name not in texts:
            yield f"{folder / name}: no longer generated, delete it"
        elif name not in present or (folder / name).read_text(encoding="utf-8") != texts[name]:
            yield f"{folder / name}: not what the generator gives; run `python -m gavel.mesh write`"


def contract_services() -> Iterator[ServiceDescriptor]:
    """Every service of the generated contracts, `gavel.<service>.v1`."""
    for package in pkgutil.iter_modules(gavel.__path__, "gavel."):
        folder = Path(gavel.__path__[0]) / package.name.removeprefix("gavel.") / "v1"
        if folder.is_dir():
            for module in _import_all(f"{package.name}.v1"):
                yield from module.DESCRIPTOR.services_by_name.values()


def _import_all(package: str) -> list[ModuleType]:
    """Imports every generated module of a package, which registers its types."""
    found = pkgutil.iter_modules(import_module(package).__path__, f"{package}.")
    return [import_module(module.name) for module in found if module.name.endswith("_pb2")]


def _types_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "@type" in value:
            yield value["@type"]
        for inner in value.values():
            yield from _types_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _types_in(inner)
