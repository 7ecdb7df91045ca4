"""`make bench`: CPU per call against a Flask echo in the same run, start-up, memory, and where the time goes."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.bodies import order_sign
from bench.latency import measure_both, table_of
from bench.library import TIMES, measure_growth
from bench.servers import ECHO, KEEPING_ECHO, SERVICE, Server, running
from bench.stages import profile
from bench.starting import measure_start
from cds_service.folders import data_folder

SIZES = {"14 kB": 14_000, "100 kB": 100_000}
LOADS = {"one after another": 1, "8 at a time": 8}
CALLS, REPETITIONS, WARM_UP = 800, 4, 200
RESULTS = Path(__file__).parent / "results"


def cpu_milliseconds(server: Server, body: Path, calls: int, connections: int) -> float:
    """CPU of the worker per call."""
    before = server.cpu_seconds()
    client = [sys.executable, "-m", "bench.load", str(server.port), str(body), str(calls), str(connections)]
    subprocess.run(client, check=True)
    return (server.cpu_seconds() - before) / calls * 1000


def compare(folder: Path) -> dict[str, dict[str, object]]:
    """CPU per call of the echo, of one that keeps a row, and of the service, measured in turns so that all meet the
    same machine."""
    rows: dict[str, dict[str, object]] = {}
    with running(ECHO, folder) as echo, running(KEEPING_ECHO, folder) as keeping, running(SERVICE, folder) as service:
        servers = (echo, keeping, service)
        for size, least_bytes in SIZES.items():
            body = folder / size
            body.write_bytes(order_sign(least_bytes))
            for load, connections in LOADS.items():
                for server in servers:
                    cpu_milliseconds(server, body, WARM_UP, connections)
                rounds = [
                    [cpu_milliseconds(server, body, CALLS, connections) for server in servers]
                    for _ in range(REPETITIONS)
                ]
                rows[f"{size}, {load}"] = {
                    "bytes": body.stat().st_size,
                    "echo_ms": statistics.median(one[0] for one in rounds),
                    "keeping_ms": statistics.median(one[1] for one in rounds),
                    "service_ms": statistics.median(one[2] for one in rounds),
                    "ratios": [round(one[2] / one[0], 2) for one in rounds],
                    "ratio": statistics.median(one[2] / one[0] for one in rounds),
                }
        rows["worker"] = {
            "start_to_ready_s": service.seconds_to_ready,
            "pss_mb": service.proportional_megabytes(),
            "echo_pss_mb": echo.proportional_megabytes(),
        }
    return rows


def show(
    console: Console,
    compared: dict[str, dict[str, object]],
    growth: dict[str, float],
    stages: dict[str, dict[str, float]],
    starting: dict[str, float],
    index: float,
) -> None:
    table = Table("order-sign", "bytes", "echo ms", "echo that keeps ms", "service ms", "ratio", "of each repetition")
    for name, row in compared.items():
        if "ratio" in row:
            times = [f"{row[each]:.3f}" for each in ("echo_ms", "keeping_ms", "service_ms")]
            table.add_row(name, f"{row['bytes']}", *times, f"{row['ratio']:.2f}", str(row["ratios"]))
    console.print(table)
    worker = compared["worker"]
    console.print(
        f"start-up to ready {worker['start_to_ready_s']:.2f} s; proportional set size of a worker"
        f" {worker['pss_mb']:.0f} MB (echo {worker['echo_pss_mb']:.0f} MB); terminology index {index:.1f} MB"
    )
    console.print(
        f"{growth['rules']:.0f} rules: {growth['plain_ms']:.3f} ms a call in process; library × {TIMES}:"
        f" {growth['large_ms']:.3f} ms, ratio {growth['ratio']:.2f}"
    )
    console.print(
        f"production start {starting['imports_s'] + starting['production_s']:.2f} s of CPU: imports"
        f" {starting['imports_s']:.2f}, data folders {starting['read_folders_s']:.2f}, compiled release"
        f" {starting['read_release_s']:.2f} (compiling it: {starting['compile_s']:.2f}); release"
        f" {starting['release_mb']:.1f} MB"
    )
    table = Table("stage, median ms", *stages)
    for stage in next(iter(stages.values())):
        table.add_row(stage, *(f"{row[stage]:.3f}" for row in stages.values()))
    table.add_row("sum", *(f"{sum(row.values()):.3f}" for row in stages.values()))
    console.print(table)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        compared = compare(Path(folder))
    stages = {size: profile(order_sign(least_bytes)) for size, least_bytes in SIZES.items()}
    growth = measure_growth(SIZES["14 kB"])
    starting = measure_start()
    index = (data_folder("rules") / "terminology" / "rxnorm.sqlite").stat().st_size / 1e6
    waiting = measure_both(SIZES)
    show(Console(), compared, growth, stages, starting, index)
    Console().print(table_of(waiting))
    RESULTS.mkdir(exist_ok=True)
    result = {"compared": compared, "library": growth, "stages": stages, "starting": starting, "index_mb": index}
    (RESULTS / "latest.json").write_text(json.dumps({**result, "waiting": waiting}, indent=2) + "\n")


if __name__ == "__main__":
    main()
