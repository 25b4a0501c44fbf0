#pragma once

#include "protocols/components.h"
#include "protocols/guide.h"

namespace alea {

/// What `nfe` network evaluations of this model come to; null where its layers aren't known.
Json flops_of(const Components& components, int nfe);

/// A record's cost, an image: NFE (a backward counting as two) base, extra, total, and guide where there is one; the same as
/// `flops`, with those of one prediction and of decoding, which are in the total (null with a reason where they aren't known);
/// and what each estimator adds, apart.
Json cost_of(const Components& components, const GuideInfo& guide = {});

}  // namespace alea
