from multigrain.key_terms import KeyTerm, TermKind, TermSource
from server.understanding.owners_file import look
from server.understanding.owners_language import parse
from server.understanding.owners_rules import Claim, Order, OwnersRules, Rule

NIKE = Claim(TermKind.BRAND, "nike")
RED = Claim(TermKind.ATTRIBUTE, "red", "colour")
CONSOLES = Claim(TermKind.CATEGORY, "games/consoles")
SONY = Claim(TermKind.BRAND, "sony")


def understood(text: str) -> OwnersRules:
    parsed = parse(text)
    assert parsed.mistakes == ()
    return parsed.rules


def synonyms(rules: OwnersRules, *words: str) -> list[KeyTerm]:
    return [term for run in rules.synonyms.runs(words) for term in run.entries]


def rules_of(rules: OwnersRules, *words: str) -> list[Rule]:
    return [rule for run in rules.rules.runs(words) for rule in run.entries]


def mistakes(text: str) -> list[str]:
    return [str(mistake) for mistake in parse(text).mistakes]


def test_means_gives_a_sure_term_of_the_owner() -> None:
    (term,) = synonyms(understood('"nikey" means brand nike'), "nikey")
    assert term == KeyTerm(kind=TermKind.BRAND, value="nike", words=("nikey",), confidence=1.0, source=TermSource.OWNER)


def test_several_phrases_and_several_values_stand_in_one_line() -> None:
    rules = understood('"bordeaux", "wine red" means attribute colour = red; brand nike')
    assert [term.value for term in synonyms(rules, "bordeaux")] == ["red", "nike"]
    assert [term.name for term in synonyms(rules, "wine", "red")] == ["colour", ""]


def test_must_need_not_and_must_not_are_told_apart() -> None:
    rules = understood(
        '"iphone case" must category phones/cases\n'
        '"iphone case" need not brand apple\n'
        '"iphone case" must not brand nike'
    )
    said = [(rule.order, str(rule.claim)) for rule in rules_of(rules, "iphone", "case")]
    assert said == [
        (Order.MUST, "category phones/cases"),
        (Order.NEED_NOT, "brand apple"),
        (Order.MUST_NOT, "brand nike"),
    ]


def test_a_pin_is_of_the_words_of_a_whole_query() -> None:
    rules = understood('pin "PS5!" = category games/consoles; brand sony\npin "gift card" = nothing')
    assert rules.pins == {("ps5",): (CONSOLES, SONY), ("gift", "card"): ()}


def test_comments_and_empty_lines_say_nothing() -> None:
    rules = understood('# the shop\n\n   \n"nikey" means brand nike   # as people type it\n#"x" means brand y')
    assert rules.count == 1


def test_a_sign_inside_quotes_is_no_comment_and_no_border() -> None:
    rules = understood('pin "c #1" = brand "a; # b"')
    assert rules.pins == {("c", "1"): (Claim(TermKind.BRAND, "a; # b"),)}


def test_quotes_and_signs_of_word_processors_and_chinese_keyboards_are_taken() -> None:
    rules = understood("“耐吉”，「奈基」 means brand nike；attribute colour ＝ red\r\n")
    assert [term.value for term in synonyms(rules, "奈", "基")] == ["nike", "red"]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert look('\ufeff"nikey" means brand nike'.encode()).mistakes == ()


def test_a_word_is_one_word_of_titles() -> None:
    (term,) = synonyms(understood('"sony xm5" means word WH-1000XM5'), "sony", "xm5")
    assert term.value == "wh1000xm5"


def test_every_mistake_is_told_with_its_line_and_its_cure() -> None:
    text = """nikey means brand nike
"nikey means brand nike
"nikey" mean brand nike
"a" "b" means brand nike
"a" means brnd nike
"a" means
"a"
"!!" means brand nike
"a" must not attribute colour = red
"a" means attribute red
"a" means category games > consoles
"not" means brand nike
pin "ps5" brand sony
"a" means word blue shoe
"a" means brand
"right" means brand nike
"a" means brand "nike" x"""
    assert mistakes(text) == [
        'line 1: no phrase in quotes: begin with what shoppers type in quotes: "nikey" means brand nike',
        'line 2: a quote is not closed: write what shoppers type in quotes: "iphone case"',
        'line 3: "mean" says nothing: did you mean means?',
        "line 4: two phrases side by side: put a comma between them",
        'line 5: "brnd" is no kind of thing: did you mean brand?',
        "line 6: it is not said of what: write one of brand, category, attribute, word, and its value",
        "line 7: nothing stands behind the quotes: write one of means, must, need not, must not",
        'line 8: "!!" holds no letter and no digit: write what shoppers type',
        "line 9: must not attribute: only a brand or a category can be kept out",
        "line 10: an attribute without a name and a value: write attribute colour = red",
        "line 11: category games > consoles: write the path from the top, joined by /: games/consoles",
        'line 12: "not" cannot be a name: it says that what stands beside it is not asked for',
        'line 13: a pin without =: write pin "ps5" = category games/consoles; brand sony',
        "line 14: word blue shoe: write one word of titles; a line may hold several: word v4032; word pro",
        "line 15: brand without a value: write it as the catalogue does",
        'line 17: quotes inside "nike" x: put the whole value in quotes, or none of it',
    ]


def test_lines_that_contradict_each_other_are_told() -> None:
    assert mistakes('pin "ps5" = brand sony\n\npin "PS5" = brand xbox') == [
        "line 3: line 1 pins the same query to something else: keep one of them"
    ]
    assert mistakes('"pie" must brand apple\n"pie" must not brand apple') == [
        "line 2: line 1 says must of the same: keep one of them"
    ]


def test_a_line_said_twice_is_no_mistake() -> None:
    rules = understood('"pie" must not brand apple\n"pie" must not brand apple\npin "a" = nothing\npin "a" = nothing')
    assert len(rules_of(rules, "pie")) == 1


def test_a_line_that_is_not_utf8_is_told_with_its_number() -> None:
    (mistake,) = look(b'# shop\n"x" means brand \xff').mistakes
    assert str(mistake) == "line 2: this line is not UTF-8 text: save the file as UTF-8"


def test_the_values_that_a_text_names_are_told_with_their_lines() -> None:
    assert parse('\n"nikey" means brand nike; attribute colour = red').named == ((2, NIKE), (2, RED))
