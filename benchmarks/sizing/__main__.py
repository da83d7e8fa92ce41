"""x"""


class Spread(NamedTuple):
    """Where rows go.

    refs: slices, one for each span and shard that has any; most: slices and rows of the fullest
    shard.
    """

    refs: int
    most_refs: int
    most_rows: int


def spread(rows: int, spans: int, shards: int) -> Spread:
    """Draws a shard for every row, as a hash does: no key is hotter than another, since rows are
    spread by picture, task and text together.
    """
    draw = np.random.default_rng(7)
    slices, filled = np.zeros(shards, np.int64), np.zeros(shards, np.int64)
    for span in range(spans):
        counts = draw.multinomial(
            rows // spans + (span < rows % spans), np.full(shards, 1 / shards)
        )
        slices += counts > 0
        filled += counts
    return Spread(int(slices.sum()), int(slices.max()), int(filled.max()))


def slope(small: dict[str, float], large: dict[str, float]) -> float:
    """Bytes of peak memory that each further row costs."""
    return max(0.0, (large["growth"] - small["growth"]) / (large["rows"] - small["rows"]))


def report(work: Path, load: Workload, memory: int) -> None:
    """Measures one workload's constants, and prints them and what they come to."""
    roots = [make_input(work, load, size) for size in load.sizes]
    (less, span), (few, shard) = (
        [probe(name, root, load, 1) for root in roots] for name in ("span", "shard")
    )
    records, base = int(span["rows"]), shard["base"]
    count = math.ceil(load.rows / records)
    shards = scaled(make_plan(roots[1], load), load, records, count).shards
    cut, graph = probe("span", roots[1], load, shards), probe("graph", roots[1], load, records)
    where = spread(load.rows, count, shards)
    # Of a shard with pictures no more than one row group is held at once, so it has its peak in the
    # small run.
    shard_peak = shard["growth"] + slope(few, shard) * max(0, where.most_rows - shard["rows"]) * (
        load.mode == "path"
    )
    held, shuffle = graph["copies"] * graph["held"] * count, where.refs * graph["ref"]
    need = (base + held + max(span["growth"], shard_peak)) / _MB
    lines = [
        "",
        load.name,
        "measured:",
        f"a span of {records:,} rows: {mb(span['growth'])} of peak memory, "
        f"{slope(less, span):,.0f} bytes a row "
        f"(processes with {less['rows']:,} and {records:,} rows)",
        f"a shard of {shard['rows']:,} rows: {mb(shard['growth'])} of peak memory, "
        f"{slope(few, shard):,.0f} bytes a row (the same rows, written as one shard)",
        f"a segment: {cut['whole'] / records:,.0f} bytes a row in one slice, "
        f"{cut['cut'] / records:,.0f} cut for {shards:,} shards ({cut['batches']:,} slices)",
        f"reading a slice of it: {cut['slice'] * 1000:.2f} ms "
        f"(mean of {_COPIES} files on a local disk, in cache)",
        f"a reference in the shuffle: {graph['ref']} bytes by the pipeline's own coder, "
        f"for a path of {graph['path']} characters",
        f"a span in the job's graph: {graph['graph']:,.0f} bytes; in memory "
        f"{graph['held']:,.0f} in each of {graph['copies']} steps that hold the plan "
        "(8 and 40 spans)",
        "on paper:",
        f"{count:,} spans, {shards:,} shards of {load.rows // shards:,} rows, "
        f"{where.most_rows:,} in the fullest",
        f"{where.refs:,} references, {where.most_refs:,} of them for the fullest shard: "
        f"{where.refs * cut['slice'] / 3600:.2f} h to read all slices, on one core",
        f"OUT/.work holds {cut['cut'] * count / 1e9:.1f} GB of segments",
        "workers  spans each  shards each  shuffle each  peak memory each",
    ]
    heads = {"", load.name, "measured:", "on paper:"}
    print("\n".join(line if line in heads else f"  {line}" for line in lines))
    for n in WORKERS:
        print(
            f"  {n:>7}  {math.ceil(count / n):>10,}  {math.ceil(shards / n):>11,}  "
            f"{mb(shuffle / n):>12}  {need:>13,.0f} MB"
        )
    print(
        f"  peak memory: process {mb(base)}, plan {mb(held)}, and the larger of span "
        f"{mb(span['growth'])} and shard {mb(shard_peak)}"
    )
    limits = {
        "the job's graph, of the 2 GiB that a protobuf message may have": graph["graph"]
        * count
        / _PROTOBUF,
        f"copies of the plan, of {memory} GB a worker": held / memory / 1e9,
        f"a span, of {memory} GB a worker": span["growth"] / memory / 1e9,
        f"a shard, of {memory} GB a worker": shard_peak / memory / 1e9,
        f"the shuffle, of {memory} GB (direct engine: one process holds it all)": shuffle
        / memory
        / 1e9,
        f"shards, of the {MAX_SHARDS:,} there may be": shards / MAX_SHARDS,
    }
    print("what breaks first, by the share of its limit:")
    for what, share in sorted(limits.items(), key=lambda limit: -limit[1]):
        print(f"  {share:>6.1%}  {what}")


def mb(size: float) -> str:
    return f"{size / _MB:,.1f} MB" if size < 10 * _MB else f"{size / _MB:,.0f} MB"


def hot(work: Path) -> None:
    """Prints what becomes of a scene with very many regions."""
    print(f"\nA hot key: one scene with {_REGIONS:,} regions (a DOTA label file, measured)")
    for task, found in probe("hot", work / "hot", GIT_10M, _REGIONS).items():
        said = ", ".join(f"{what} {n:,}" for what, n in found["fate"].items())
        cost = f"{found['seconds']:.1f} s and {mb(found['peak'])}"
        print(
            f"  {task}: {said}; {cost}; longest text {found['text']:,} characters; "
            f"fullest of 45 shards {found['fullest']:,} rows"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    parser.add_argument("--memory", type=int, default=4, help="GB that a worker process may use")
    parser.add_argument("--probe", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.probe:
        name, root, load, number = args.probe
        print(json.dumps(PROBES[name](Path(root), [EARTHDIAL, GIT_10M][int(load)], int(number))))
        return
    for load in (EARTHDIAL, GIT_10M):
        report(args.work.resolve(), load, args.memory)
    hot(args.work.resolve())


if __name__ == "__main__":
    main()
