#include "uncertainty/estimators.h"

namespace alea {

#define ALEA_ESTIMATOR(file) Plugin<EstimatorFactory, const EstimatorContext&> file##_estimator();
#include "uncertainty/estimators.def"
#undef ALEA_ESTIMATOR

const Registry<EstimatorFactory, const EstimatorContext&>& estimator_registry() {
  static const Registry<EstimatorFactory, const EstimatorContext&> registry("estimator", {
#define ALEA_ESTIMATOR(file) file##_estimator(),
#include "uncertainty/estimators.def"
#undef ALEA_ESTIMATOR
                                                                                         });
  return registry;
}

}  // namespace alea
