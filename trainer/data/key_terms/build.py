"""READ FIRST: a shop's key-term dictionary, from its catalogue and, where there are any, its logs.

In order of trust: names, what titles agree on, typing errors, what searches lead to, model numbers. Each step sees what
the ones before have found, and never says anew what they said. In the end clicks have the last word on all of them.
"""

from collections.abc import Iterable

from multigrain.key_terms import KeyTerm, TermSource
from multigrain.types import Item
from trainer.data.key_terms.clicked import Clicked
from trainer.data.key_terms.confidence import with_learned_confidence
from trainer.data.key_terms.contested import with_contested_names
from trainer.data.key_terms.facts import facts_of
from trainer.data.key_terms.meanings import meanings_of
from trainer.data.key_terms.misspellings import misspelling_terms
from trainer.data.key_terms.model_numbers import model_number_terms
from trainer.data.key_terms.names import name_terms
from trainer.data.key_terms.searched import search_terms
from trainer.data.key_terms.title_runs import title_runs_of
from trainer.data.key_terms.titles import title_terms

RULE = "terms-3"
"""Names what makes a term: whoever changes that changes it, and finished dictionaries are made anew."""

MINED_FLOOR = 0.6
"""What was only learnt from clicks and is less sure is left out. It would make no rule, and hide what stands inside."""


def build_key_terms(items: Iterable[Item], clicked: Clicked | None = None) -> tuple[KeyTerm, ...]:
    """In a stable order. `clicked`: what people chose, of the training part alone; None: nobody knows."""
    catalogue = list(items)
    facts = facts_of(catalogue)
    titles = title_runs_of(catalogue)
    terms = with_contested_names(name_terms(catalogue), facts, titles)
    terms += title_terms(titles, facts, meanings_of(terms))
    if clicked is not None:
        terms += misspelling_terms(catalogue, facts, clicked, meanings_of(terms))
        terms += search_terms(facts, clicked, meanings_of(terms))
        models = model_number_terms(catalogue, clicked, meanings_of(terms))
        terms = [term for term in with_learned_confidence(terms, facts, clicked) if _is_worth_its_place(term)]
        terms += models
    return tuple(sorted(terms, key=lambda term: (term.kind, term.name, term.value, term.words)))


def _is_worth_its_place(term: KeyTerm) -> bool:
    return term.source not in (TermSource.CLICKS, TermSource.MISSPELLING) or term.confidence >= MINED_FLOOR
