"""Local Moran: the numbers of PySAL, quiet on noise, loud on a planted cluster, the same whatever the order."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from spatial_cases import grid

from essmap.analysis.clusters import CLUSTERS, contiguity, local_moran

SIZE = 144


@pytest.fixture(scope="module")
def board():
    """A board of 12 x 12 communes, with its contiguity."""
    communes = grid([100] * SIZE, columns=12)
    return communes, contiguity(communes)


def moran_of(board, rates, **options):
    communes, neighbours = board
    return local_moran(communes["commune_code"], rates, neighbours, **options)


def smooth_rates(board, seed=3):
    """Return rates that resemble their neighbours, so that there is something to find."""
    noise = np.random.default_rng(seed).random(SIZE)
    return noise + 2 * (board[1] @ noise)


def test_contiguity_is_that_of_libpysal(communes):
    """On the real communes, who touches whom is what libpysal's queen weights say; nobody is alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from libpysal.weights import Queen

        theirs = Queen.from_dataframe(communes, use_index=False).sparse.toarray() > 0
    ours = contiguity(communes).toarray() > 0
    np.testing.assert_array_equal(ours, theirs)
    assert ours.any(axis=1).all()


def test_contiguity_counts_corners(board):
    """A corner touches three squares, a side five, the middle eight; a commune without outline none."""
    degrees = contiguity(board[0]).sum(axis=1)
    assert sorted(set(degrees.tolist())) == [3, 5, 8]
    assert (degrees == 3).sum() == 4
    alone = board[0].copy()
    alone.loc[0, "geometry"] = None
    assert contiguity(alone).sum(axis=1)[0] == 0


@pytest.mark.filterwarnings("ignore")
def test_statistics_are_those_of_esda(board):
    """I agrees to 1e-9; p is twice esda's smaller tail, up to the noise of the draws; quadrants agree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from esda.moran import Moran_Local
        from libpysal.weights import WSP
    rates = smooth_rates(board)
    result = moran_of(board, rates)
    theirs = Moran_Local(rates, WSP(board[1].tocsr()).to_W(silence_warnings=True), permutations=9_999, seed=7)
    np.testing.assert_allclose(result["moran_i"], theirs.Is, rtol=1e-9, atol=1e-12)
    expected = np.minimum(1, 2 * theirs.p_sim)
    noise = 2 * np.sqrt(expected / 2 * (1 - expected / 2) / 9_999)
    assert (np.abs(result["p_sim"] - expected) < 6 * np.sqrt(2) * noise + 4e-4).all()
    quadrants = np.array(["high_high", "low_high", "low_low", "high_low"])[theirs.q - 1]
    found = result["cluster"] != "none"
    assert found.sum() > 5
    assert (result["cluster"] == quadrants)[found].all()


def test_q_values_are_benjamini_hochberg(board):
    """Q computed by the definition, and clusters exactly where it is below 5 %."""
    result = moran_of(board, smooth_rates(board), permutations=999)
    p = np.sort(result["p_sim"].to_numpy())
    steps = np.minimum.accumulate((p * SIZE / np.arange(1, SIZE + 1))[::-1])[::-1]
    np.testing.assert_allclose(np.sort(result["q_value"]), np.minimum(steps, 1))
    assert ((result["q_value"] < 0.05) == (result["cluster"] != "none")).all()
    assert set(result["cluster"]) <= set(CLUSTERS)


def test_a_planted_lack_is_found_where_it_is(board):
    """A block of low rates amid noise is low_low inside, and nothing far from it is."""
    rates = np.random.default_rng(8).normal(10, 1, SIZE)
    block = [row * 12 + column for row in range(5) for column in range(5)]
    rates[block] = np.random.default_rng(9).normal(2, 1, len(block))
    result = moran_of(board, rates)
    low = {int(code[2:]) - 1 for code in result.loc[result["cluster"] == "low_low", "code"]}
    assert {row * 12 + column for row in range(4) for column in range(4)} <= low
    assert low <= {row * 12 + column for row in range(6) for column in range(6)}


def test_noise_is_not_a_cluster(board):
    """On twenty fields of pure noise hardly anything is called a cluster."""
    found = [
        (moran_of(board, np.random.default_rng(seed).random(SIZE), permutations=999)["cluster"] != "none").sum()
        for seed in range(20)
    ]
    assert sum(count > 0 for count in found) <= 4


def test_order_and_scale_do_not_matter(board):
    """Shuffled rows, or rates in another unit, give the same table; so does a second run."""
    communes, neighbours = board
    rates = smooth_rates(board)
    expected = moran_of(board, rates, permutations=199)
    pd.testing.assert_frame_equal(moran_of(board, rates, permutations=199), expected)
    order = np.random.default_rng(1).permutation(SIZE)
    mixed = local_moran(
        communes["commune_code"].iloc[order], rates[order], neighbours[order][:, order], permutations=199
    )
    pd.testing.assert_frame_equal(mixed, expected)
    scaled = moran_of(board, rates * 10_000 + 3, permutations=199)
    pd.testing.assert_frame_equal(scaled, expected)


def test_without_rate_or_neighbour_nothing_is_said(board):
    """No rate, no neighbour, or only neighbours without rate: not assessable; the others are as if they were away."""
    communes, _ = board
    rates = smooth_rates(board)
    rates[0] = np.nan
    apart = communes.copy()
    apart.loc[143, "geometry"] = None
    neighbours = contiguity(apart)
    result = local_moran(communes["commune_code"], rates, neighbours, permutations=199)
    out = result["cluster"] == "not_assessable"
    assert result.loc[out, "code"].tolist() == ["31001", "31144"]
    assert result.loc[out, ["moran_i", "p_sim", "q_value"]].isna().all(axis=None)
    rest = np.arange(1, 143)
    alone = local_moran(communes["commune_code"].iloc[rest], rates[rest], neighbours[rest][:, rest], permutations=199)
    pd.testing.assert_frame_equal(result[~out].reset_index(drop=True), alone)


def test_a_commune_never_is_its_own_neighbour():
    """In the middle of three by three every draw is the same eight: however odd its own rate, p is 1."""
    communes = grid([1] * 9, columns=3)
    rates = [1, 2, 3, 4, 900, 5, 6, 7, 8]
    result = local_moran(communes["commune_code"], rates, contiguity(communes), permutations=199)
    assert result["p_sim"].iloc[4] == 1


@pytest.mark.parametrize("rates", [np.full(SIZE, 0.3), np.zeros(SIZE)])
def test_the_same_rate_everywhere_is_no_cluster(board, rates):
    """Rates that differ by nothing: I = 0, p = q = 1."""
    result = moran_of(board, rates)
    assert set(result["cluster"]) == {"none"}
    assert (result[["moran_i", "p_sim", "q_value"]] == [0, 1, 1]).all(axis=None)


def test_nobody_at_all(board):
    """No rate anywhere, or no commune: an answer all the same."""
    assert set(moran_of(board, np.full(SIZE, np.nan))["cluster"]) == {"not_assessable"}
    communes, neighbours = board
    assert local_moran(communes["commune_code"].iloc[:0], [], neighbours[:0][:, :0]).empty
