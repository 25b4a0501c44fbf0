#pragma once

#include <ATen/core/Tensor.h>

namespace alea {

/// The resizes of the FID tools; they differ by more than most models do. Bits depend on neither threads nor batch. x: [B, c, h,
/// w] float32 in 0..255 -> [B, c, height, width] float32, not rounded; both on the CPU.
enum class Resize {
  bilinear,      ///< half-pixel centres, no antialias: pytorch-fid's F.interpolate(align_corners=False)
  bilinear_tf1,  ///< source = target * in/out, no half-pixel offset: TensorFlow 1's ResizeBilinear (ADM, torch-fidelity, EDM)
  bicubic_pil,   ///< antialiased, a = -0.5, clipped to 0..255: clean-fid's PIL resize in "F" mode, channel by channel
};
at::Tensor resize_images(const at::Tensor& x, int height, int width, Resize how);

const char* resize_name(Resize how);

}  // namespace alea
