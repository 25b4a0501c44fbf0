#pragma once

#include <string>

namespace alea {

/// Names of the arrays that a run stores and protocols read: the contract between run/ and protocols/.
/// Kind "blocks": ids u64 [n]; images u8 [n, h, w, c]; finite u8 [n]; scores/<statistic> f64 [n, W], the sum over elements of U_t
/// at each step of the window, and what a guide records of each guided step; maps/<statistic> f32 [n, h, w, c]; unguided/images,
/// unguided/finite of the arm without the guide where the plan has one; where trajectories begin at real images, originals u8 [n,
/// h, w, c] and errors f32 [n, h, w, c], |reconstruction - original| before the former is rounded, of a range of 1; where the
/// plan wants them, labels u64 [n], the class that each image was made as; equal_cost/images and equal_cost/finite [m, ...] of
/// the arm of equal cost, row i of a block being the arm's image first + i, m <= n (0 in blocks behind its end). Kind
/// "features.<network>": features f32 [n, d], unguided/features; spatial f32 [n, s] of sFID, where the plan has them; planted/ids
/// u64 [m]; planted/<i>/features f32 [m, d], the features of those images with a defect of strength i; equal_cost/features. Kind
/// "features.realism.<network>": realism f64 [n].
namespace array_names {

inline constexpr const char* kBlocks = "blocks";
inline constexpr const char* kIds = "ids";
inline constexpr const char* kImages = "images";
inline constexpr const char* kFinite = "finite";
inline constexpr const char* kLabels = "labels";
inline constexpr const char* kOriginals = "originals";
inline constexpr const char* kErrors = "errors";
inline constexpr const char* kFeatures = "features";
inline constexpr const char* kSpatial = "spatial";
inline constexpr const char* kUnguidedImages = "unguided/images";
inline constexpr const char* kUnguidedFinite = "unguided/finite";
inline constexpr const char* kUnguidedFeatures = "unguided/features";
inline constexpr const char* kEqualCostImages = "equal_cost/images";
inline constexpr const char* kEqualCostFinite = "equal_cost/finite";
inline constexpr const char* kEqualCostFeatures = "equal_cost/features";
inline constexpr const char* kRealism = "realism";
inline constexpr const char* kPlantedIds = "planted/ids";

inline std::string features_kind(const std::string& network) { return "features." + network; }
inline std::string realism_kind(const std::string& network) { return "features.realism." + network; }
inline std::string scores(const std::string& statistic) { return "scores/" + statistic; }
inline std::string maps(const std::string& statistic) { return "maps/" + statistic; }
inline std::string planted_features(std::size_t strength) { return "planted/" + std::to_string(strength) + "/features"; }

}  // namespace array_names
}  // namespace alea
