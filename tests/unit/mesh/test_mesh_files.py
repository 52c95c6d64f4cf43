"""Files are put into place by rename, whole, and with the version of what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gavel.mesh import Endpoint, Topology, files, write, write_endpoints
from gavel.mesh.sample import sample


def written(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}


def test_write_makes_the_whole_folder(tmp_path: Path) -> None:
    """Bootstrap, one file per kind, one per cluster for endpoints, and no temporary file left."""
    write(sample(), tmp_path)

    eds = {f"xds/eds/{name}.yaml" for name in sample().clusters()}
    assert set(written(tmp_path)) == {"bootstrap.yaml", "xds/cds.yaml", "xds/lds.yaml", "xds/rds.yaml"} | eds
    assert all(text.startswith("# Generated") for text in written(tmp_path).values())


def test_same_topology_gives_the_same_text(tmp_path: Path) -> None:
    """Nothing in the files depends on time or order of hashing."""
    write(sample(), tmp_path)
    first = written(tmp_path)
    write(sample(), tmp_path)

    assert written(tmp_path) == first


def test_files_point_at_each_other_by_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Envoy resolves relative paths against wherever it was started."""
    monkeypatch.chdir(tmp_path)
    write(sample(), "mesh")

    bootstrap = yaml.safe_load((tmp_path / "mesh" / "bootstrap.yaml").read_text(encoding="utf-8"))
    path = bootstrap["dynamic_resources"]["cds_config"]["path_config_source"]["path"]
    assert path == str(tmp_path / "mesh" / "xds" / "cds.yaml")


def test_endpoints_are_replaced_by_rename(tmp_path: Path) -> None:
    """Envoy ignores in-place writes: the file is a new one, and only endpoint files change (default 14)."""
    write(sample(), tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.yaml")}
    write_endpoints(sample(), tmp_path)

    changed = {path for path, inode in before.items() if path.stat().st_ino != inode}
    assert changed == set((tmp_path / "xds" / "eds").iterdir())


def test_cluster_that_is_gone_leaves_no_file(tmp_path: Path) -> None:
    """A language that lost its workers disappears from the folder."""
    write(sample(), tmp_path)
    write(Topology("127.0.0.1", 8080, 9901), tmp_path)

    assert not (tmp_path / "xds" / "eds" / "worker-cpp.yaml").exists()
    assert (tmp_path / "xds" / "eds" / "worker.yaml").exists()


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails halfway leaves what was there, and nothing beside it."""
    write(sample(), tmp_path)
    before = written(tmp_path)

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(f"{self}: {mode}")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(PermissionError):
        write_endpoints(Topology("127.0.0.1", 8080, 9901), tmp_path)

    assert written(tmp_path) == before


def test_version_follows_the_content() -> None:
    """The version changes with the replicas of that cluster and with nothing else."""
    one = Topology("127.0.0.1", 8080, 9901, {"result": (Endpoint("a", "127.0.0.1", 1),)})
    two = Topology("127.0.0.1", 8080, 9901, {"result": (Endpoint("a", "127.0.0.1", 2),)})

    assert files.endpoint_version(one, "result") != files.endpoint_version(two, "result")
    assert files.endpoint_version(one, "cleanup") == files.endpoint_version(two, "cleanup")
