"""Data files: search order, downloads, checksums, and errors that say where to put a file."""

import hashlib
import io
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evorobo import DataError
from evorobo.downloads import DataFile, find_file, fingerprint, write_to_cache

CONTENT = b"1,2,3\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "robots/a.csv"


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def server(monkeypatch):
    """A local web server: its address, its pages, and the paths that were requested."""
    pages, requested = {"/a.csv": CONTENT, "/a.zip": zipped(**{"a.csv": CONTENT})}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requested.append(self.path)
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *args):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pages, requested
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, no other folder."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.delenv("EVOROBO_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache" / "evorobo"


def test_a_file_is_downloaded_into_the_cache_once(server, cache):
    address, _, requested = server
    file = DataFile(NAME, f"{address}/a.csv", SHA256)
    assert file.find() == file.find() == cache / NAME
    assert (cache / NAME).read_bytes() == CONTENT
    assert requested == ["/a.csv"]


def test_a_file_in_a_zip_archive_is_extracted(server, cache):
    address, _, requested = server
    file = DataFile(NAME, f"{address}/a.zip", SHA256, member="a.csv")
    assert file.find() == file.find() == cache / NAME
    assert (cache / NAME).read_bytes() == CONTENT
    assert requested == ["/a.zip"]


@pytest.mark.parametrize("page", [b"<html>sorry", zipped(other="x"), zipped(**{"a.csv": b"1,2,4\n"})])
def test_a_download_with_another_checksum_is_refused_and_not_kept(server, cache, page):
    address, pages, _ = server
    pages["/a.csv"] = pages["/a.zip"] = page
    for file in (
        DataFile(NAME, f"{address}/a.csv", SHA256),
        DataFile(NAME, f"{address}/a.zip", SHA256, member="a.csv"),
    ):
        with pytest.raises(DataError, match=r"sent another file than expected|cannot be downloaded \((Bad|Key)"):
            file.find()
    assert not cache.exists()


def test_without_network_the_error_names_the_address_and_the_folder(cache):
    file = DataFile(NAME, "http://127.0.0.1:9/a.zip", SHA256, member="in/a.csv")
    with pytest.raises(DataError) as caught:
        file.find()
    assert str(caught.value) == (
        "a.csv is not on this computer and cannot be downloaded (ConnectionError). Get it from "
        f"http://127.0.0.1:9/a.zip (its member in/a.csv), sha256 {SHA256}, and put it at {cache / NAME}, "
        f"or at {NAME} in a folder of your own that the environment variable EVOROBO_DATA names."
    )


def test_a_file_for_manual_download_is_not_requested(server, cache):
    address, _, requested = server
    file = DataFile(NAME, f"{address}/a.csv", SHA256, manual_download=True)
    with pytest.raises(DataError) as caught:
        file.find()
    assert str(caught.value) == (
        "a.csv is not on this computer and has no address to download it from. "
        f"Get it from {address}/a.csv, sha256 {SHA256}, and put it at {cache / NAME}, or at {NAME} in a folder of your "
        "own that the environment variable EVOROBO_DATA names."
    )
    assert not requested
    write_to_cache(NAME, CONTENT)
    assert file.find() == cache / NAME


def test_an_address_without_a_file_raises_the_same_error(server, cache):
    with pytest.raises(DataError, match=r"a.csv is not on this computer and cannot be downloaded \(HTTPError\)"):
        DataFile(NAME, f"{server[0]}/gone.csv", SHA256).find()


def test_folders_in_evorobo_data_come_first_then_the_cache(cache, tmp_path, monkeypatch):
    file = DataFile(NAME, "http://127.0.0.1:9/a.csv", SHA256)
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("EVOROBO_DATA", f"{first}{os.pathsep}{second}")
    for folder in (cache, second, first):
        (folder / NAME).parent.mkdir(parents=True)
        (folder / NAME).write_bytes(CONTENT)
        assert file.find() == folder / NAME


def test_no_folder_is_searched_that_the_environment_does_not_name(cache, tmp_path, monkeypatch):
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    for folder in (tmp_path / "shared" / "data", tmp_path / "data", project / "data"):
        (folder / NAME).parent.mkdir(parents=True)
        (folder / NAME).write_bytes(CONTENT)
    assert find_file(NAME) is None


def test_a_damaged_file_raises_an_error_with_its_path(cache):
    (cache / NAME).parent.mkdir(parents=True)
    (cache / NAME).write_bytes(CONTENT[:-1])
    with pytest.raises(DataError) as caught:
        DataFile(NAME, "http://127.0.0.1:9/a.csv", SHA256).find()
    sha256 = hashlib.sha256(CONTENT[:-1]).hexdigest()
    assert str(caught.value) == (
        f"{cache / NAME} is damaged or another file (its sha256 is {sha256}, not {SHA256}); "
        "delete it, and get it again from http://127.0.0.1:9/a.csv."
    )


def test_a_cache_without_write_permission_raises_one_sentence(server, cache):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file in the way")
    with pytest.raises(DataError, match="XDG_CACHE_HOME"):
        DataFile(NAME, f"{server[0]}/a.csv", SHA256).find()


def test_a_fingerprint_is_the_sha256_and_of_several_files_depends_on_each(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(CONTENT)
    two.write_bytes(b"")
    assert fingerprint(one) == SHA256
    assert len({fingerprint(one, two), fingerprint(two, one), fingerprint(one)}) == 3
