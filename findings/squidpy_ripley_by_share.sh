#!/usr/bin/env bash
# squidpy's Ripley's L of a class of cells is multiplied by the share of the class: rare cells at random look dispersed.
# Guess: of cells that lie at random and have their class at random, L(r) is about r for each class, a little less for
#   the border of the field, and lies among the simulations that it is compared with.
# Seen: of 2000 cells, a tenth of them "rare", L(50) is 5 for the rare ones and 44 for the others, since the pairs within
#   a class are divided by the number of all cells; by the class's own number it is 48 and 49. The simulations have 1000
#   points (n_observations) and are divided by the number of cells, too: their L(50) is 24 to 25. So chance is called
#   dispersed (p 0) and clustered (p 0.01) cells. With a seed all 100 simulations are one and the same.
# Version: squidpy==1.8.2 anndata==0.12.19 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet squidpy==1.8.2 anndata==0.12.19 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import anndata
import numpy as np
import pandas as pd
import squidpy
from scipy.spatial.distance import pdist

rng = np.random.default_rng(0)
places = rng.random((2000, 2)) * 1000  # micrometres
classes = np.where(rng.random(2000) < 0.1, "rare", "usual")
cells = anndata.AnnData(
    np.zeros((2000, 1), np.float32),
    obs=pd.DataFrame({"class": pd.Categorical(classes)}, index=[f"cell {place}" for place in range(2000)]),
    obsm={"spatial": places},
)
radius = 50
given = {"mode": "L", "max_dist": 2 * radius, "n_steps": 3, "n_simulations": 100, "copy": True}
found = squidpy.gr.ripley(cells, "class", **given)
statistics = found["L_stat"][found["L_stat"]["bins"] == radius].set_index("class")["stats"]
simulated = found["sims_stat"][found["sims_stat"]["bins"] == radius]["stats"]
seen, by_hand = {}, {}
for place, name in enumerate(("rare", "usual")):
    own = places[classes == name]
    pairs = 2 * (pdist(own) < radius).sum()
    by_hand[name] = np.sqrt(pairs / len(own) * 1000 * 1000 / len(own) / np.pi)
    seen[name] = float(statistics[name]), float(found["pvalues"][place, 1])
    print(f"{name}, {len(own)} cells at random: L(50) {seen[name][0]:.1f}, p {seen[name][1]:.2f}, by hand {by_hand[name]:.1f}")
print(f"L(50) of the simulations: {simulated.min():.1f} to {simulated.max():.1f}")
same = squidpy.gr.ripley(cells, "class", seed=0, **given)["sims_stat"]
distinct = same[same["bins"] == radius]["stats"].nunique()
print(f"different simulations with a seed: {distinct} of 100")
assert all(45 < value < 50 for value in by_hand.values())
assert seen["rare"][0] < 6 and 40 < seen["usual"][0] < 46 and simulated.max() < 26, "squidpy has changed"
assert max(p for _, p in seen.values()) < 0.02 and distinct == 1, "squidpy has changed"
PYTHON
