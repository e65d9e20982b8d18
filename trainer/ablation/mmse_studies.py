"""What can be compared of MMSE: its terms, its stages, its objective, and itself with MGDSPR. All of it is inferred.

The paper's own ablation was not recovered. Each variant names its objective, so that it is the same on any config.
"""

from collections.abc import Mapping

from trainer.ablation.variant import Variant

_BY_STAGE = {"kind": "multi_stage"}
_BY_CLICK = {"kind": "softmax"}


def _multi_stage(name: str, **changed: float | str) -> Variant:
    """The four terms with these weights, or keys of [multi_stage]."""
    return Variant(name=name, changes={"loss": _BY_STAGE, "multi_stage": changed})


ALL_TERMS = _multi_stage("all four terms")
TERMS = (
    ALL_TERMS,
    _multi_stage("without clicked against negatives", clicked=0.0),
    _multi_stage("without unclicked against negatives", unclicked=0.0),
    _multi_stage("without clicked above unclicked", clicked_pairs=0.0),
    _multi_stage("without ordered above unclicked", ordered_pairs=0.0),
)
STAGES = (
    _multi_stage("all stages"),
    _multi_stage("an order is a click", ordered_pairs=0.0),
    _multi_stage("no unclicked items", unclicked=0.0, clicked_pairs=0.0, ordered_pairs=0.0),
    Variant(name="no random negatives, those of the batch alone", changes={"loss": {**_BY_STAGE, "pool": 0}}),
)
UNCLICKED = tuple(
    _multi_stage(f"weight of unclicked against negatives {weight:g}", unclicked=weight) for weight in (1.0, 0.3, 0.1)
)
PAIRS = (
    _multi_stage("hinge", pairs="hinge"),
    _multi_stage("softplus", pairs="softplus"),
    _multi_stage("hinge, pairs 10 times the weight", clicked_pairs=10.0, ordered_pairs=10.0),
    _multi_stage("hinge, pairs 30 times the weight", clicked_pairs=30.0, ordered_pairs=30.0),
)
OBJECTIVES = (
    _multi_stage("multi-stage"),
    Variant(name="softmax, one click of each search", changes={"loss": _BY_CLICK}),
    Variant(name="softmax, every click", changes={"loss": {**_BY_CLICK, "positives": "many"}}),
    Variant(name="multi-objective softmax", changes={"loss": {"kind": "multi_objective_softmax"}}),
)
PRETRAINING = (
    Variant(name="pre-trained on titles", changes={"loss": _BY_STAGE}, pretrained=True),
    Variant(name="fresh towers", changes={"loss": _BY_STAGE}),
)
FUSION = (
    Variant(name="late fusion, reading A", changes={"loss": _BY_STAGE, "model": {"post_fusion": "late"}}),
    Variant(name="weighted grains, reading B", changes={"loss": _BY_STAGE, "model": {"post_fusion": "grains"}}),
)
PAPERS = (
    Variant(name="mmse", changes={"loss": _BY_STAGE}),
    Variant(name="mmse, by MGDSPR's objective", changes={"loss": _BY_CLICK}),
    Variant(
        name="mgdspr",
        # What the configuration `demo` has: its vectors have no length of their own, and it reads bigrams.
        changes={
            "model": {"name": "mgdspr", "id_dropout": 0.0},
            "text": {"query_bigrams": 12},
            "loss": {**_BY_CLICK, "temperature": 1.0},
            "optimizer": {"name": "adam", "learning_rate": 0.01, "decay": "linear"},
        },
    ),
)
MMSE: Mapping[str, tuple[Variant, ...]] = {
    "terms": TERMS,
    "stages": STAGES,
    "unclicked": UNCLICKED,
    "pairs": PAIRS,
    "objectives": OBJECTIVES,
    "pretraining": PRETRAINING,
    "fusion": FUSION,
    "papers": PAPERS,
}
"""By the name that the command takes."""
