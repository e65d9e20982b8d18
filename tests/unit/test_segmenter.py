"""Han characters -> words."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.segmenter import segment

COMMON = "手机壳连衣裙男女鞋夏季红色新款苹果华为适用不要包邮"
han = st.one_of(
    st.text(st.sampled_from(COMMON), max_size=40),
    st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), max_size=40),
    st.text(st.characters(min_codepoint=0x20000, max_codepoint=0x323AF), max_size=10),
    st.text(st.sampled_from("〇々手机"), max_size=10),
)


def test_known_words_and_well_known_names_are_whole() -> None:
    assert segment("红色连衣裙") == ["红色", "连衣裙"]
    assert segment("阿迪达斯运动鞋") == ["阿迪达斯", "运动鞋"]
    assert segment("百雀羚保湿水") == ["百雀羚", "保湿", "水"]


@given(han)
def test_words_put_together_are_the_text(run: str) -> None:
    words = segment(run)
    assert "".join(words) == run
    assert all(words)


def test_threads_and_other_processes_cut_alike() -> None:
    texts = [COMMON[i:] + COMMON[:i] for i in range(len(COMMON))] * 20
    here = [segment(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(segment, texts)) == here
    program = f"from multigrain.text.segmenter import segment; print(segment({texts[3]!r}))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert said.stdout.strip() == str(here[3])
