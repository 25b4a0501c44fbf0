"""The comparisons sampler.*: images a second of DDIM with one network, alea beside a peer on the same torch.

Same threads, weights and start noise; the peer in float32 and in the memory format in which it is faster here. Rounds alternate, the
best of each side counts. Before a ratio is printed both sides' eps of the start noise at t = 500 must agree within 1e-5 of its
largest value (bfloat16: 0.02), and in float32 the ends of both trajectories within 1e-3 of theirs; else exit 1. Made weights spread
the rounding of one step along the others (1.2e-4 was seen at the end where eps agreed within 3e-6). FLOPs are those of the peer's
layers as torch counts them, twice a product and its sum; the machine's rate is torch's own, in the same run, for one layer of the
network's dominant shape.
"""

import argparse
import dataclasses
import hashlib
import json
import pathlib
import subprocess
import tempfile

import bench_common

EPS_TOLERANCE = {"float32": 1e-5, "bfloat16": 0.02}
SAMPLE_TOLERANCE = {"float32": 1e-3, "bfloat16": float("inf")}


@dataclasses.dataclass
class Comparison:
    kind: str  # of alea's model
    batch: int
    steps: int
    rate: str  # "conv CHANNELS EXTENT" or "linear TOKENS IN OUT": the dominant shape
    manifest: dict = None  # weights are a hash of their names; None: a file
    clip: bool = True
    layouts: tuple = ("contiguous", "channels_last")
    repeat: int = 3


CIFAR10 = Comparison(
    kind="ddpm_unet", batch=16, steps=5, rate="conv 256 16",
    manifest={"architecture": {"in_channels": 3, "out_channels": 3, "block_channels": [128, 256, 256, 256],
                               "attention": [False, True, False, False]},
              "schedule": {"kind": "linear"},
              "shape": [3, 32, 32]})


def ours_program(comparison, manifest, *words):
    words = [bench_common.program("alea_sampler_peer"), "--kind", comparison.kind, "--manifest", manifest,
             "--threads", str(bench_common.THREADS), *words]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def make_weights(comparison, folder):
    """Path of a manifest in `folder`, weights beside it."""
    path, weights = folder / "manifest.json", folder / "weights.safetensors"

    def write_manifest(sha256):
        path.write_text(json.dumps(comparison.manifest | {"weights": weights.name, "sha256": sha256}))

    write_manifest("")
    ours_program(comparison, path, "--make-weights")
    with open(weights, "rb") as file:
        write_manifest(hashlib.file_digest(file, "sha256").hexdigest())
    return path


def seconds_of(lines, name):
    return [float(line.split()[1]) for line in lines if line.startswith(name + " ")]


def ours(comparison, manifest, file, compute):
    sampler = {"kind": "ddim", "steps": comparison.steps, "clip": comparison.clip}
    lines = ours_program(comparison, manifest, "--batch", str(comparison.batch), "--sampler", json.dumps(sampler), "--repeat", "1",
                         "--compute", compute, "--out", file)
    return min(seconds_of(lines, "seconds"))


def peer(comparison, manifest, file, layouts, *words):
    """What scripts/bench_sampler_peer.py found."""
    words = [bench_common.PEER_PYTHON, bench_common.ROOT / "scripts/bench_sampler_peer.py", comparison.kind, manifest, file,
             "--steps", str(comparison.steps), "--threads", str(bench_common.THREADS), "--layouts", *layouts, *words]
    if not comparison.clip:
        words.append("--no-clip")
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def require_agreement(found, compute):
    for what, tolerance in [("sample", SAMPLE_TOLERANCE[compute]), ("eps", EPS_TOLERANCE[compute])]:
        difference = found[f"{what}_difference"]
        if not difference <= tolerance:
            bench_common.give_up(f"{compute}: {what} differs from the peer's by {difference:.2e} of its largest value, {tolerance} is allowed")


def compare(comparison, manifest, folder, computes):
    file, layouts, best, peer_seconds, machine = folder / "trajectory.safetensors", comparison.layouts, {}, [], {}
    for turn in range(comparison.repeat):
        for compute in reversed(computes):  # float32 last: the peer is timed beside it
            seconds = ours(comparison, manifest, file, compute)
            best[compute] = min(seconds, best.get(compute, seconds))
            if compute != "float32" and turn == 0:
                require_agreement(peer(comparison, manifest, file, layouts[:1], "--only-check"), compute)
        found = peer(comparison, manifest, file, layouts, "--rate", comparison.rate)
        require_agreement(found, "float32")
        layouts = [found["layout"]]  # the faster one from here on
        peer_seconds.append(found["seconds"])
        machine = {"rate": max(found["rate"], machine.get("rate", 0)), "flops": found["flops"]}
        print(f"ours {seconds:.3f} s, peer {found['seconds']:.3f} s ({found['layout']}), ends differ by {found['sample_difference']:.2e} of "
              f"max|x|, eps by {found['eps_difference']:.2e} of max|eps|", flush=True)
    return best, min(peer_seconds), machine


def report(comparison, best, peer_seconds, machine):
    work = machine["flops"] * comparison.batch * comparison.steps / 1e9
    for who, seconds in [("ours", best["float32"]), ("peer", peer_seconds)]:
        print(f"{who}: {work / seconds:.0f} GFLOP/s, {work / seconds / machine['rate']:.0%} of what torch reaches on \"{comparison.rate}\", "
              f"{machine['rate']:.0f} GFLOP/s; {machine['flops'] / 1e9:.2f} GFLOP an image and step", flush=True)
    for compute, seconds in best.items():
        name = bench_common.NAME if compute == "float32" else f"{bench_common.NAME}.{compute}"
        bench_common.print_ratio(comparison.batch / seconds, comparison.batch / peer_seconds, "images/s", True, name)


def main(doc, comparison, manifest=None):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=pathlib.Path, default=manifest, help="another network of the same kind")
    parser.add_argument("--batch", type=int, default=comparison.batch)
    parser.add_argument("--steps", type=int, default=comparison.steps)
    parser.add_argument("--repeat", type=int, default=comparison.repeat)
    parser.add_argument("--float32-only", action="store_true", help="leave out the line of bfloat16")
    args = parser.parse_args()
    comparison = dataclasses.replace(comparison, batch=args.batch, steps=args.steps, repeat=args.repeat)
    if args.manifest and not args.manifest.is_file():
        bench_common.give_up(f"{args.manifest} is not there: make it with `alea train data/embedded/fmnist_denoiser.train.json --out DIR`")
    computes = ["float32"] if args.float32_only else ["float32", "bfloat16"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        report(comparison, *compare(comparison, args.manifest or make_weights(comparison, folder), folder, computes))
