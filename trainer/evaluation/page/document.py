"""One self-contained HTML document: nothing is fetched and no script runs, and a policy in its head forbids both."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from trainer.evaluation.page.markup import Markup, joined, listed, tag
from trainer.evaluation.page.section import Section, Subject, Written

_STYLE = Path(__file__).with_name("style.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, header: Markup, sections: Sequence[Section[Subject]], subject: Subject) -> str:
    """`header` and then the sections, in their order. Those with nothing to show are named in a line."""
    bodies = [(section, section.write(subject)) for section in sections]
    written = [Written(section.anchor, section.title, body) for section, body in bodies if body is not None]
    missing = [section.title for section, body in bodies if body is None]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", title),
        tag("style", Markup(_STYLE.read_text(encoding="utf-8"))),
    )
    main = tag("main", header, _contents(written), _missing(missing), *(part.html() for part in written))
    return "<!DOCTYPE html>\n" + tag("html", head, tag("body", main), lang="en") + "\n"


def _contents(sections: Iterable[Written]) -> Markup:
    links = [tag("a", part.title, href=f"#{part.anchor}") for part in sections]
    return tag("nav", listed(links), aria_label="Sections")


def _missing(titles: Sequence[str]) -> Markup:
    if not titles:
        return joined(())
    return tag("p", f"Not measured here: {'; '.join(titles).lower()}.", class_="note")
