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
    """A web server of this computer: its address, its pages, and the paths that were asked for."""
    pages, asked = {"/a.csv": CONTENT, "/a.zip": zipped(**{"a.csv": CONTENT})}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *args):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pages, asked
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, no other folder."""
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.delenv("EVOROBO_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache" / "evorobo"


def test_a_download_lands_in_the_cache_and_is_made_once(server, cache):
    address, _, asked = server
    file = DataFile(NAME, f"{address}/a.csv", SHA256)
    assert file.find() == file.find() == cache / NAME
    assert (cache / NAME).read_bytes() == CONTENT
    assert asked == ["/a.csv"]


def test_a_file_inside_a_zip_is_taken_out(server, cache):
    address, _, asked = server
    file = DataFile(NAME, f"{address}/a.zip", SHA256, member="a.csv")
    assert file.find() == file.find() == cache / NAME
    assert (cache / NAME).read_bytes() == CONTENT
    assert asked == ["/a.zip"]


@pytest.mark.parametrize("page", [b"<html>sorry", zipped(other="x"), zipped(**{"a.csv": b"1,2,4\n"})])
def test_a_download_that_is_something_else_is_refused_and_not_kept(server, cache, page):
    address, pages, _ = server
    pages["/a.csv"] = pages["/a.zip"] = page
    for file in (
        DataFile(NAME, f"{address}/a.csv", SHA256),
        DataFile(NAME, f"{address}/a.zip", SHA256, member="a.csv"),
    ):
        with pytest.raises(DataError, match=r"sent another file than expected|cannot be downloaded \((Bad|Key)"):
            file.find()
    assert not cache.exists()


def test_without_network_the_error_says_what_to_get_from_where_and_where_to_put_it(cache):
    file = DataFile(NAME, "http://127.0.0.1:9/a.zip", SHA256, member="in/a.csv")
    with pytest.raises(DataError) as caught:
        file.find()
    assert str(caught.value) == (
        "a.csv is not on this computer and cannot be downloaded (ConnectionError). Get it from "
        f"http://127.0.0.1:9/a.zip (there in/a.csv), sha256 {SHA256}, and put it at {cache / NAME}, "
        f"or at {NAME} in a folder of your own that the environment variable EVOROBO_DATA names."
    )


def test_a_file_to_get_by_hand_is_not_asked_for_and_the_error_says_where_it_comes_from(server, cache):
    address, _, asked = server
    file = DataFile(NAME, f"{address}/a.csv", SHA256, manual_download=True)
    with pytest.raises(DataError) as caught:
        file.find()
    assert str(caught.value) == (
        f"a.csv is not on this computer and does not download by itself. Get it from {address}/a.csv, sha256 {SHA256}, "
        f"and put it at {cache / NAME}, or at {NAME} in a folder of your own that the environment variable "
        "EVOROBO_DATA names."
    )
    assert not asked
    write_to_cache(NAME, CONTENT)
    assert file.find() == cache / NAME


def test_an_address_that_is_gone_is_the_same_error(server, cache):
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


def test_a_damaged_file_is_an_error_that_names_it(cache):
    (cache / NAME).parent.mkdir(parents=True)
    (cache / NAME).write_bytes(CONTENT[:-1])
    with pytest.raises(DataError) as caught:
        DataFile(NAME, "http://127.0.0.1:9/a.csv", SHA256).find()
    found = hashlib.sha256(CONTENT[:-1]).hexdigest()
    assert str(caught.value) == (
        f"{cache / NAME} is damaged or another file (its sha256 is {found}, not {SHA256}); "
        "delete it, and get it again from http://127.0.0.1:9/a.csv."
    )


def test_a_cache_that_cannot_be_written_is_one_sentence(server, cache):
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
