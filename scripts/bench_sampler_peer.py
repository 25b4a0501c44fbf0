"""The peer's side of scripts/bench sampler.*: the same weights and start noise as alea, from files.

    .deps/peers/bin/python scripts/bench_sampler_peer.py KIND MANIFEST TRAJECTORY.safetensors --steps N ...

KIND ddpm_unet is diffusers' UNet2DModel, adm_unet guided-diffusion's UNetModel, uvit the network of scripts/fixtures/uvit.py with
torch's fused attention and gelu; diffusers' DDIMScheduler leads all three. Prints one line of JSON: seconds of the faster memory
format, the differences from alea's end and eps divided by their largest values, the machine's rate in GFLOP/s, FLOPs an image and step.
"""

import argparse
import json
import pathlib
import sys
import time

import torch
from diffusers import DDIMScheduler
from safetensors.torch import load_file
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "fixtures"))
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
EPS_TIME = 500.0


def ddpm_unet(manifest):
    from diffusers import UNet2DModel

    options = manifest["architecture"]
    attention = options["attention"]
    model = UNet2DModel(
        sample_size=manifest["shape"][1], in_channels=options["in_channels"], out_channels=options["out_channels"],
        block_out_channels=options["block_channels"], layers_per_block=options.get("layers_per_block", 2),
        down_block_types=["AttnDownBlock2D" if a else "DownBlock2D" for a in attention],
        up_block_types=["AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attention)],
        norm_num_groups=options.get("norm_groups", 32), norm_eps=options.get("norm_eps", 1e-6),
        attention_head_dim=options.get("attention_head_width", 0) or None,
        downsample_padding=1 if options.get("symmetric_downsample", False) else 0,
        flip_sin_to_cos=options.get("cos_first", False), freq_shift=options.get("frequency_shift", 1))
    return model, lambda x, t, labels: model(x, t).sample


def adm_unet(manifest):
    from guided_diffusion.unet import UNetModel

    options = manifest["architecture"]
    model = UNetModel(
        image_size=manifest["shape"][1], in_channels=options["in_channels"], model_channels=options["model_channels"],
        out_channels=options["out_channels"], num_res_blocks=options["num_res_blocks"],
        attention_resolutions=tuple(options["attention_resolutions"]), channel_mult=tuple(options["channel_mult"]),
        num_classes=options["num_classes"], num_head_channels=options["num_head_channels"], use_scale_shift_norm=True,
        resblock_updown=True, use_new_attention_order=options["new_attention_order"])
    return model, lambda x, t, labels: model(x, t, labels)[:, : x.shape[1]]


def uvit(manifest):
    import uvit as fixture

    class Block(fixture.Block):
        def attention(self, x):
            q, k, v = self.attn["qkv"](x).view(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            return self.attn["proj"](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))

        def mlp_(self, x):
            return self.mlp["fc2"](F.gelu(self.mlp["fc1"](x)))

    options = manifest["architecture"]
    model = fixture.Uvit(img_size=options["img_size"], patch_size=options["patch_size"], width=options["embed_dim"],
                         depth=options["depth"], heads=options["heads"], n_classes=options["num_classes"])
    for block in [*model.in_blocks, model.mid_block, *model.out_blocks]:
        block.__class__ = Block
    return model, model


NETWORKS = {"ddpm_unet": ddpm_unet, "adm_unet": adm_unet, "uvit": uvit}


def scheduler(manifest, steps, clip):
    options = manifest["schedule"]
    kinds = {"linear": "linear", "scaled_linear": "scaled_linear", "cosine": "squaredcos_cap_v2"}
    out = DDIMScheduler(num_train_timesteps=options.get("train_steps", 1000), beta_start=options.get("beta_first", 1e-4),
                        beta_end=options.get("beta_last", 0.02), beta_schedule=kinds[options["kind"]], clip_sample=clip,
                        set_alpha_to_one=True, timestep_spacing="leading")
    out.set_timesteps(steps)
    return out


def sample(predict, solver, x, labels):
    for t in solver.timesteps:
        x = solver.step(predict(x, t.float().expand(len(x)), labels), t, x).prev_sample
    return x


def relative_difference(found, expected):
    return ((found - expected).abs().max() / expected.abs().max()).item()


def measure(args, manifest, given):
    """Runs alea's trajectory in each memory format; the answer's entries but for rate and FLOPs."""
    model, predict = NETWORKS[args.kind](manifest)
    weights = load_file(args.manifest.parent / manifest["weights"])
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    model.eval()
    labels, runs, sample_difference, eps_difference = given.get("labels"), [], 0.0, 0.0
    for name in args.layouts:
        model.to(memory_format=LAYOUTS[name])
        x = given["x_T"].to(memory_format=LAYOUTS[name])
        eps = predict(x, torch.full((len(x),), EPS_TIME), labels)  # also the first call, which chooses kernels and fetches memory
        start = time.perf_counter()
        end = sample(predict, scheduler(manifest, args.steps, args.clip), x, labels)
        runs.append((time.perf_counter() - start, name))
        sample_difference = max(sample_difference, relative_difference(end, given["sample"]))
        eps_difference = max(eps_difference, relative_difference(eps, given["eps"]))
    return dict(seconds=min(runs)[0], layout=min(runs)[1], sample_difference=sample_difference, eps_difference=eps_difference)


def flops(args, manifest):
    """Of one image and step: convolutions, linear layers and attention, by torch's own count on shapes alone."""
    with torch.device("meta"):
        model, predict = NETWORKS[args.kind](manifest)
        x, t, labels = torch.empty(1, *manifest["shape"]), torch.empty(1), torch.empty(1, dtype=torch.long)
        with FlopCounterMode(display=False) as counter:
            predict(x, t, labels)
    return counter.get_total_flops()


def machine_rate(what, batch):
    """GFLOP/s of one layer, the best of a second's calls."""
    kind, *sizes = what.split()
    if kind == "conv":
        channels, extent = map(int, sizes)
        x = torch.randn(batch, channels, extent, extent).to(memory_format=torch.channels_last)
        weight = torch.randn(channels, channels, 3, 3).to(memory_format=torch.channels_last)
        work, call = 2 * 9 * channels * x.numel(), lambda: F.conv2d(x, weight, padding=1)
    else:
        tokens, width, out = map(int, sizes)
        x, weight = torch.randn(batch * tokens, width), torch.randn(out, width)
        work, call = 2 * out * x.numel(), lambda: F.linear(x, weight)
    call()
    best, end = float("inf"), time.perf_counter() + 1
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return work / best / 1e9


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=NETWORKS)
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("trajectory", type=pathlib.Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, required=True)
    parser.add_argument("--no-clip", dest="clip", action="store_false")
    parser.add_argument("--rate", help="the machine's, of this layer: conv CHANNELS EXTENT or linear TOKENS IN OUT")
    parser.add_argument("--only-check", action="store_true", help="without rate and FLOPs")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    manifest, given = json.loads(args.manifest.read_text()), load_file(args.trajectory)
    found = measure(args, manifest, given)
    if not args.only_check:
        found |= dict(rate=machine_rate(args.rate, len(given["x_T"])), flops=flops(args, manifest))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
