"""Character tables computed by GAP, frozen in gap_tables.json: python tests/oracles/make_gap_tables.py (needs `gap` with smallgrp).

GAP and its libraries are free software under the GNU General Public License, version 2 or later; the Small Groups library, from which
generators of the groups of order up to 24 are taken, is under the Artistic License 2.0. What is kept here are numbers that GAP
computed, mathematical facts, and no part of either program.

For each group: generators in cycles, and in the order of GAP's classes a representative, the size and the order of the elements; for
each irreducible character its indicator and its values, E(n) = exp(2 pi i/n).
"""

import json
import re
import subprocess
from pathlib import Path

SMALL = 24  # all groups up to this order

NAMED = {
    "A5": "AlternatingGroup(5)",
    "A6": "AlternatingGroup(6)",
    "A7": "AlternatingGroup(7)",
    "S5": "SymmetricGroup(5)",
    "S6": "SymmetricGroup(6)",
    "S7": "SymmetricGroup(7)",
    "SL(2,5)": "SL(2,5)",
    "GL(2,3)": "GL(2,3)",
    "GL(2,4)": "GL(2,4)",
    "SL(2,7)": "SL(2,7)",
    "PSL(2,7)": "PSL(2,7)",
    "PSL(2,8)": "PSL(2,8)",
    "PSL(2,11)": "PSL(2,11)",
    "PGL(2,7)": "PGL(2,7)",
    "PSL(3,3)": "PSL(3,3)",
    "PSU(3,3)": "PSU(3,3)",
    "M11": "MathieuGroup(11)",
    "M12": "MathieuGroup(12)",
    "Heisenberg(3)": "SylowSubgroup(SL(3,3),3)",
    "Heisenberg(5)": "SylowSubgroup(SL(3,5),5)",
    "C7:C3": "SmallGroup(21,1)",
    "C13:C4": "SmallGroup(52,3)",
    "C11:C5": "SmallGroup(55,1)",
    "C9:C9": "SmallGroup(81,4)",
    "2O": "SmallGroup(48,28)",
    "W(F4)": "SmallGroup(1152,157478)",
    "C2 wr S4": "WreathProduct(CyclicGroup(IsPermGroup,2),SymmetricGroup(4))",
    "C3 wr S3": "WreathProduct(CyclicGroup(IsPermGroup,3),SymmetricGroup(3))",
    "2^(1+4)-": "SmallGroup(32,50)",
    "2^(1+4)+": "SmallGroup(32,49)",
    "C2^6": "ElementaryAbelianGroup(IsPermGroup,64)",
    "C4xC8": "AbelianGroup(IsPermGroup,[4,8])",
    "D20xS3": "DirectProduct(DihedralGroup(IsPermGroup,20),SymmetricGroup(3))",
}

GAP = r"""
LoadPackage("smallgrp");
SizeScreen([100000, 50]);
show := function(name, G)
  local P, t, reps;
  if IsPermGroup(G) then P := G; else P := Image(IsomorphismPermGroup(G)); fi;
  if Size(P) > 1 then P := Image(SmallerDegreePermutationRepresentation(P)); fi;
  P := Group(MinimalGeneratingSet_(P), ());
  t := CharacterTable(P);
  reps := List(ConjugacyClasses(t), Representative);
  Print("@", name, "|", LargestMovedPoint(P), "|", GeneratorsOfGroup(P), "|", reps, "|", SizesConjugacyClasses(t), "|",
    OrdersClassRepresentatives(t), "|", Indicator(t, 2), "|", List(Irr(t), ValuesOfClassFunction), "\n");
end;
"""


def program():
    lines = [GAP.replace("MinimalGeneratingSet_(P)", "SmallGeneratingSet(P)")]
    lines.append(
        f'for n in [1..{SMALL}] do for i in [1..NumberSmallGroups(n)] do show(Concatenation("SmallGroup(", String(n), ",", '
        'String(i), ")"), SmallGroup(n, i)); od; od;'
    )
    lines += [f'show("{name}", {group});' for name, group in NAMED.items()]
    return "\n".join(lines)


def cycles(text):
    return [p.replace(",", " ") for p in re.findall(r"(?:\([\d,]*\))+", text)]


def main():
    run = subprocess.run(["gap", "-q"], input=program(), capture_output=True, text=True, check=True, timeout=600)
    groups = {}
    for line in re.sub(r"\s", "", run.stdout).split("@")[1:]:
        name, degree, generators, representatives, sizes, orders, indicators, table = line.split("|")
        rows = [row.replace(",", " ") for row in re.findall(r"\[([^\[\]]*)\]", table)]
        groups[name.replace("wr", " wr ")] = {
            "degree": max(1, int(degree)),
            "generators": cycles(generators),
            "representatives": cycles(representatives),
            "sizes": json.loads(sizes),
            "orders": json.loads(orders),
            "indicators": json.loads(indicators),
            "table": rows,
        }
    record = {"source": "GAP 4.12.1, by make_gap_tables.py, which states the licences", "groups": groups}
    text = json.dumps(record, separators=(",", ":")).replace('},"', '},\n"')
    Path(__file__).with_name("gap_tables.json").write_text(text + "\n", encoding="utf-8")
    print(len(groups), "groups,", len(text), "bytes")


if __name__ == "__main__":
    main()
