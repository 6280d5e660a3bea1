"""Certificate files that options name."""

import os

import pytest
import trustme

from pulp_notifiers.outbound import UnusableFile, file_version, require_authorities, require_certificate, require_key


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with an authority, a certificate with its key, and both apart."""
    folder, authority = tmp_path_factory.mktemp("certificates"), trustme.CA()
    pair = authority.issue_cert("client")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    pair.private_key_and_cert_chain_pem.write_to_path(str(folder / "both.pem"))
    pair.private_key_pem.write_to_path(str(folder / "key.pem"))
    pair.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    return folder


def test_suitable_files_are_accepted(folder, tmp_path):
    """A hashed directory too, even with a link in it that leads nowhere."""
    (tmp_path / "0a1b2c3d.0").symlink_to(folder / "ca.pem")
    (tmp_path / "0a1b2c3d.1").symlink_to(tmp_path / "missing")

    require_authorities(str(folder / "ca.pem"))
    require_authorities(str(tmp_path), within=[tmp_path])
    require_certificate(str(folder / "cert.pem"), within=[tmp_path, folder])
    require_certificate(str(folder / "both.pem"), with_key=True)
    require_key(str(folder / "key.pem"))


@pytest.mark.parametrize(
    ("check", "name", "why"),
    [
        (require_authorities, "key.pem", "it contains no PEM certificate"),
        (require_certificate, "key.pem", "it contains no PEM certificate"),
        (require_key, "cert.pem", "it contains no PEM private key"),
        (require_authorities, "missing", "No such file or directory"),
        (require_certificate, ".", "it is not a regular file"),
        (
            require_authorities,
            ".",
            "no certificate with a hashed name; prepare it with openssl rehash",
        ),
        (require_key, "key.pem/x", "Not a directory"),
        (require_key, "a\0b", "embedded null"),
        (require_key, "x" * 300, "File name too long"),
    ],
)
def test_the_text_says_what_is_wrong(folder, check, name, why):
    """It is for the log."""
    with pytest.raises(UnusableFile) as raised:
        check(f"{folder}/{name}")

    assert why in str(raised.value)


def test_a_certificate_without_its_key_is_not_enough(folder):
    """Unless the key is in another file."""
    with pytest.raises(UnusableFile, match="it contains no PEM private key"):
        require_certificate(str(folder / "cert.pem"), with_key=True)


def test_a_path_cannot_add_a_line_to_the_log():
    """Control characters are replaced, and a long path is shortened."""
    with pytest.raises(UnusableFile) as raised:
        require_key("/no\nERROR: \x1b[31m" + "x" * 5000)

    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


def test_a_version_differs_once_a_file_has_changed(tmp_path):
    """A missing one has none."""
    file = tmp_path / "file"
    missing = file_version(str(file))
    file.write_text("1")
    first = file_version(str(file))
    (tmp_path / "other").write_text("2")
    os.utime(tmp_path / "other", ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    (tmp_path / "other").replace(file)

    assert missing is None
    assert file_version("a\0b") is None
    assert len({first, file_version(str(file))} - {None}) == 2
