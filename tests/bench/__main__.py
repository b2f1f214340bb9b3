"""Measure whole commands, ours and Terraform's, on the same stack behind the same proxy.

    scripts/bench --proxy PATH                             the healthcare stack, 50 ms a call
    scripts/bench --proxy PATH --peer HCL                  and Terraform beside it
    scripts/bench --proxy PATH --latency-ms 200 --rounds 3
    scripts/bench --proxy PATH --growth 100,1000           N resources of five kinds

It starts an embedded AWS of its own, and in front of it the proxy at PATH, which understands
`--upstream URL --port 0 --latency-ms MS`, prints {"endpoint": …} as its first line, and answers
/__proxy__/stats and /__proxy__/reset. Each round begins with an empty account: apply, apply again,
plan, plan with one drift, teardown. HCL is a folder that makes the same stack; Terraform finds its
provider as it always does (TF_CLI_CONFIG_FILE), or in the filesystem mirror that TF_PLUGIN_DIR
names.

Wall and CPU are those of the whole command, start-up included; memory is the peak of all its
processes together; calls are those that reached the proxy. The bound is the longest chain of calls
that need each other's answers, times the latency.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from tests.bench import growth
from tests.bench.bound import chain
from tests.bench.meter import Metered, metered
from tests.bench.rig import Rig, rig
from tests.bench.table import Row, table
from tests.bench.tools import ROOT, Tool, ours, terraform, terraform_version

HEALTHCARE = ROOT / "manifests" / "healthcare"
DRIFTS = "/aws/lambda/healthcare-health-dev"
MIRROR = """provider_installation {
  filesystem_mirror {
    path = "%s"
  }
}
"""


def main() -> int:
    """Measure, and tell; 1 if a command failed."""
    chosen = _parser().parse_args()
    rows: list[Row] = []
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for latency in map(float, chosen.latency_ms.split(",")):
            with rig(chosen.proxy, latency / 1000) as where:
                for stack, tools in _stacks(chosen, work / f"{latency:.0f}"):
                    for _ in range(chosen.rounds):
                        for tool in tools:
                            failed += _round(where, stack, tool, rows)
    print(_versions(chosen), table(rows), sep="\n\n")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--proxy", required=True, type=Path, help="the proxy's program")
    parser.add_argument("--peer", type=Path, help="a folder of HCL with the same stack")
    parser.add_argument(
        "--peer-drifts", default="/aws/lambda/health-check-dev", help="a log group of the peer's"
    )
    parser.add_argument("--peer-growth", action="store_true", help="Terraform on --growth, too")
    parser.add_argument("--peer-parallelism", type=int, default=10, help="Terraform's")
    parser.add_argument("--latency-ms", default="50", help="of each call; several with commas")
    parser.add_argument("--growth", default="", help="numbers of resources, instead of the stack")
    parser.add_argument("--rounds", type=int, default=1, help="medians of so many")
    parser.add_argument("--json", type=Path, help="every single figure")
    return parser


def _stacks(chosen: argparse.Namespace, work: Path) -> Iterator[tuple[str, list[Tool]]]:
    """Each stack with the tools that make it."""
    work.mkdir(parents=True)
    _mirror(work)
    width = f"-parallelism={chosen.peer_parallelism}"
    if not chosen.growth:
        tools = [ours(HEALTHCARE, "healthcare-dev", DRIFTS)]
        if chosen.peer:
            tools.append(terraform(chosen.peer, work / "peer", (width,), chosen.peer_drifts))
        yield "healthcare", tools
    for count in map(int, filter(None, chosen.growth.split(","))):
        folder = work / str(count)
        folder.mkdir()
        tools = [ours(growth.manifest(folder, count), "bench")]
        if chosen.peer_growth:
            options = (width, "-var", f"n={count // 5}")
            tools.append(terraform(growth.hcl(folder / "hcl"), folder / "peer", options))
        yield f"{count} resources", tools


def _mirror(work: Path) -> None:
    """Where Terraform finds its provider, if the environment names a mirror."""
    if mirror := os.environ.get("TF_PLUGIN_DIR"):
        (work / "cli.rc").write_text(MIRROR % mirror)
        os.environ["TF_CLI_CONFIG_FILE"] = str(work / "cli.rc")


def _round(where: Rig, stack: str, tool: Tool, rows: list[Row]) -> int:
    """All steps of one tool from an empty account; how many failed."""
    where.empty()
    tool.fresh()
    failed = 0
    for step, words in tool.steps.items():
        if step == "drift":
            logs = where.session.client("logs")
            logs.put_retention_policy(logGroupName=tool.drifts, retentionInDays=7)
        where.count_anew()
        load = os.getloadavg()[0]
        ran = metered(words, where.environment, tool.folder)
        expected = 2 if step == "drift" else 0
        if ran.code != expected:
            failed += 1
            print(f"{tool.name} {step}: exit {ran.code}\n{(ran.out + ran.err)[-3000:]}")
        calls = where.calls()
        bound = 0.0
        if step == "apply" and tool.name == "provisioner":
            bound = where.latency * chain(_graph(words), ran.out, where.latency)
        rows.append(
            Row(
                *(tool.name, step, stack, where.latency, round(ran.wall, 2), round(ran.cpu, 2)),
                *(round(ran.memory), calls.reads, calls.writes, _inventory(tool, ran)),
                *(calls.most, calls.wrong, bound, load),
            )
        )
        print(json.dumps(asdict(rows[-1])), file=sys.stderr, flush=True)
    return failed


def _graph(apply: tuple[str, ...]) -> dict[str, object]:
    words = [*apply[: apply.index("apply")], "graph", apply[apply.index("apply") + 1], "--json"]
    environment = {**os.environ, "ENVIRONMENT_SUFFIX": "dev"}
    ran = subprocess.run(words, capture_output=True, check=True, env=environment, cwd=ROOT)  # noqa: S603
    graph: dict[str, object] = json.loads(ran.stdout)
    return graph


def _inventory(tool: Tool, ran: Metered) -> int:
    """Calls to the inventory, as our own summary counts them."""
    last = json.loads(ran.out.splitlines()[-1]) if tool.name == "provisioner" and ran.out else {}
    return int(last.get("summary", {}).get("aws_calls", {}).get("inventory", -1))


def _versions(chosen: argparse.Namespace) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("provisioner", "boto3", "moto"))
    python = ".".join(map(str, sys.version_info[:3]))
    peer = f", {terraform_version()}" if chosen.peer or chosen.peer_growth else ""
    return f"{packages}, Python {python}{peer}; {os.cpu_count()} processors"


if __name__ == "__main__":
    sys.exit(main())
