#include "protocols/sweep.h"

namespace alea {
namespace {

std::vector<SweepKind> sweep_kinds() { return {sweep_over_passes(), sweep_over_guidance()}; }

ResolvedConfig resolve_sweep(const Json& config, ConfigErrors& errors) {
  const auto kinds = sweep_kinds();
  const auto over = config.find("over");
  const std::string wanted = over != config.end() && over->is_string() ? over->get<std::string>() : "";
  std::vector<std::string> known;
  for (const SweepKind& kind : kinds) {
    if (kind.over == wanted) return kind.resolve(config, errors);
    known.push_back(kind.over);
  }
  errors.add("/over", (wanted.empty() ? "missing required key: a string, what is swept" : "\"" + wanted + "\" can't be swept") +
                          suggestion(wanted, known));
  return {};
}

Json sweep_schema() {
  Json choices = Json::array();
  for (const SweepKind& kind : sweep_kinds()) choices.push_back(kind.schema());
  return {{"$schema", choices.front().at("$schema")}, {"title", "Config of the sweep protocol"}, {"oneOf", choices}};
}

std::vector<std::pair<std::string, std::string>> sweep_metrics() {
  return {{"fd.<network>.kept.m<M>", "Frechet distance of the images that /rank_by keeps when it is made of the first M passes"},
          {"gain.fd.<network>.kept.m<M>.over.m<L>", "how much closer the kept set comes with M passes than with L, fewer"},
          {"fd.<network>.guided.p<p>.l<lambda>", "Frechet distance of the images guided on the mask above quantile p, by lambda"},
          {"gain.fd.<network>.guided.p<p>.l<lambda>", "unguided minus guided"},
          {"gain.fd.<network>.guided.best", "the largest of those gains; which cell that is is found again in each group"},
          {"guidance.ratio.p<p>.l<lambda>", "how far eps is moved, in its own length, mean over images and guided steps"}};
}

}  // namespace

ProtocolEntry sweep_protocol() {
  return {kSweep, "filtering against the number of passes M, or guidance over quantiles and strengths (paper, Figs. 11 and 10)",
          resolve_sweep, sweep_schema, sweep_metrics()};
}

}  // namespace alea
