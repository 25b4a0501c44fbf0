#include "results/record.h"

#include <cmath>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kSchemaName = "alea.record";

const char* direction_name(Direction direction) {
  switch (direction) {
    case Direction::lower:
      return "lower";
    case Direction::higher:
      return "higher";
    case Direction::none:
      return "none";
  }
  fail(ErrorCode::internal, "direction {} has no name", static_cast<int>(direction));
}

void check_finite(const Json& value, const std::string& pointer) {
  if (value.is_number_float() && !std::isfinite(value.get<double>()))
    fail(ErrorCode::internal, "record{}: {} must not enter a record; give null with a reason", pointer, value.get<double>());
  if (!value.is_structured()) return;
  for (const auto& [key, child] : value.items()) check_finite(child, pointer + "/" + key);
}

void check_row(const MetricRow& row) {
  ALEA_CHECK(!row.name.empty(), "a metric row without a name");
  ALEA_CHECK(row.value.has_value() == row.why_null.empty(), "{}: a value and a reason for its absence exclude each other",
             row.name);
  ALEA_CHECK(row.value.has_value() || (!row.interval && row.leave_one_out.empty() && row.half_differences.empty()),
             "{}: an interval without a value", row.name);
}

Json interval_to_json(const Interval& interval) {
  return {{"value", interval.value}, {"standard_error", interval.standard_error}, {"low", interval.low}, {"high", interval.high}};
}

Json row_to_json(const MetricRow& row) {
  check_row(row);
  Json out = {{"name", row.name},
              {"version", row.version},
              {"value", row.value ? Json(*row.value) : Json()},
              {"direction", direction_name(row.direction)},
              {"unit", row.unit},
              {"n", row.n},
              {"interval", row.interval ? interval_to_json(*row.interval) : Json()},
              {"leave_one_out", row.leave_one_out},
              {"details", row.details}};
  if (!row.half_differences.empty()) out["half_differences"] = row.half_differences;
  if (!row.value) out["why_null"] = row.why_null;
  return out;
}

/// Reads one object, collecting everything that is wrong with it.
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::string pointer, ConfigErrors& errors)
      : json_(json), pointer_(std::move(pointer)), errors_(errors) {
    if (!json_.is_object()) errors_.add(pointer_, "expected an object, found " + std::string(json_.type_name()));
  }

  bool has(const char* key) const { return json_.is_object() && json_.contains(key); }

  const Json* find(const char* key) {
    known_.insert(key);
    if (!json_.is_object()) return nullptr;
    const auto it = json_.find(key);
    if (it == json_.end()) {
      errors_.add(pointer_ + "/" + key, "is missing");
      return nullptr;
    }
    return &*it;
  }

  template <class Test>
  const Json* expect(const char* key, Test test, const char* what) {
    const Json* value = find(key);
    if (value == nullptr) return nullptr;
    if (!test(*value)) {
      errors_.add(pointer_ + "/" + key, std::string("expected ") + what + ", found " + value->dump().substr(0, 60));
      return nullptr;
    }
    return value;
  }

  void read(const char* key, std::string& out) {
    if (const Json* v = expect(
            key, [](const Json& j) { return j.is_string(); }, "a string"))
      out = v->get<std::string>();
  }
  void read(const char* key, double& out) {
    if (const Json* v = expect(
            key, [](const Json& j) { return j.is_number(); }, "a number"))
      out = v->get<double>();
  }
  void read(const char* key, int& out) {
    if (const Json* v = expect(
            key, [](const Json& j) { return j.is_number_integer(); }, "an integer"))
      out = v->get<int>();
  }
  void read(const char* key, std::uint64_t& out) {
    const auto natural = [](const Json& j) {
      return j.is_number_unsigned() || (j.is_number_integer() && j.get<std::int64_t>() >= 0);
    };
    if (const Json* v = expect(key, natural, "a whole number of at least 0")) out = v->get<std::uint64_t>();
  }
  void read_object(const char* key, Json& out) {
    if (const Json* v = expect(
            key, [](const Json& j) { return j.is_object(); }, "an object"))
      out = *v;
  }
  const Json* read_array(const char* key) {
    return expect(
        key, [](const Json& j) { return j.is_array(); }, "an array");
  }
  template <class T>
  void read_list(const char* key, std::vector<T>& out) {
    const Json* array = read_array(key);
    if (array == nullptr) return;
    for (std::size_t i = 0; i < array->size(); ++i) {
      const Json& item = (*array)[i];
      if (std::is_same_v<T, std::string> ? item.is_string() : item.is_number())
        out.push_back(item.template get<T>());
      else
        errors_.add(pointer_ + "/" + key + "/" + std::to_string(i), "has the wrong type: " + item.dump().substr(0, 60));
    }
  }

  void finish() {
    if (!json_.is_object()) return;
    for (const auto& [key, value] : json_.items())
      if (!known_.contains(key)) errors_.add(pointer_ + "/" + key, "is not a key of a record");
  }

 private:
  const Json& json_;
  std::string pointer_;
  ConfigErrors& errors_;
  std::set<std::string> known_;
};

Interval interval_from_json(const Json& json, const std::string& pointer, ConfigErrors& errors) {
  Interval out;
  ObjectReader reader(json, pointer, errors);
  reader.read("value", out.value);
  reader.read("standard_error", out.standard_error);
  reader.read("low", out.low);
  reader.read("high", out.high);
  reader.finish();
  return out;
}

Direction direction_from_name(const std::string& name, const std::string& pointer, ConfigErrors& errors) {
  for (const Direction direction : {Direction::lower, Direction::higher, Direction::none})
    if (name == direction_name(direction)) return direction;
  errors.add(pointer, "expected lower, higher or none, found \"" + name + "\"");
  return Direction::none;
}

MetricRow row_from_json(const Json& json, const std::string& pointer, ConfigErrors& errors) {
  MetricRow row;
  ObjectReader reader(json, pointer, errors);
  reader.read("name", row.name);
  reader.read("version", row.version);
  std::string direction;
  reader.read("direction", direction);
  row.direction = direction_from_name(direction, pointer + "/direction", errors);
  reader.read("unit", row.unit);
  reader.read("n", row.n);
  reader.read_list("leave_one_out", row.leave_one_out);
  if (reader.has("half_differences")) reader.read_list("half_differences", row.half_differences);
  reader.read_object("details", row.details);
  const auto number_or_null = [](const Json& j) { return j.is_number() || j.is_null(); };
  if (const Json* value = reader.expect("value", number_or_null, "a number or null"); value && value->is_number())
    row.value = value->get<double>();
  if (const Json* interval = reader.find("interval"); interval && !interval->is_null())
    row.interval = interval_from_json(*interval, pointer + "/interval", errors);
  if (!row.value) reader.read("why_null", row.why_null);
  reader.finish();
  return row;
}

void read_metrics(ObjectReader& reader, Record& record, ConfigErrors& errors) {
  const Json* metrics = reader.read_array("metrics");
  if (metrics == nullptr) return;
  for (std::size_t i = 0; i < metrics->size(); ++i)
    record.metrics.push_back(row_from_json((*metrics)[i], "/metrics/" + std::to_string(i), errors));
}

void check_schema(ObjectReader& reader, ConfigErrors& errors) {
  std::string schema = kSchemaName;
  int schema_version = kSchemaVersion;
  reader.read("schema", schema);
  reader.read("schema_version", schema_version);
  if (schema != kSchemaName) errors.add("/schema", "expected \"alea.record\", found \"" + schema + "\"");
  if (schema_version != kSchemaVersion)
    errors.add("/schema_version", fmt::format("this alea reads version {}, found {}", kSchemaVersion, schema_version));
}

void throw_data_errors(const ConfigErrors& errors, const std::string& source) {
  if (errors.empty()) return;
  std::string text;
  for (const auto& [pointer, message] : errors.items()) text += "\n  " + (pointer.empty() ? "/" : pointer) + "  " + message;
  fail(ErrorCode::data, "{}: not a record of this version: {} problem(s){}", source, errors.items().size(), text);
}

}  // namespace

MetricRow metric_row(std::string name, Direction direction, std::string unit, std::uint64_t n) {
  MetricRow row;
  row.name = std::move(name);
  row.direction = direction;
  row.unit = std::move(unit);
  row.n = n;
  return row;
}

Json record_to_json(const Record& record) {
  for (const Json* part : {&record.config, &record.model, &record.data, &record.provenance, &record.samples, &record.cost})
    ALEA_CHECK(part->is_object(), "a part of the record was not filled: {}", part->dump());
  Json rows = Json::array();
  for (const MetricRow& row : record.metrics) rows.push_back(row_to_json(row));
  Json out = {{"schema", kSchemaName},
              {"schema_version", kSchemaVersion},
              {"config", record.config},
              {"config_sha256", record.config_sha256},
              {"comparable_sha256", record.comparable_sha256},
              {"protocol", record.protocol},
              {"protocol_version", record.protocol_version},
              {"preset", record.preset},
              {"model", record.model},
              {"data", record.data},
              {"provenance", record.provenance},
              {"metrics", std::move(rows)},
              {"valid", record.invalid_reasons.empty()},
              {"invalid_reasons", record.invalid_reasons},
              {"departures", record.departures},
              {"samples", record.samples},
              {"cost", record.cost},
              {"arrays", record.arrays}};
  check_finite(out, "");
  return out;
}

Record record_from_json(const Json& json, const std::string& source) {
  Record record;
  ConfigErrors errors;
  ObjectReader reader(json, "", errors);
  check_schema(reader, errors);
  reader.read_object("config", record.config);
  reader.read("config_sha256", record.config_sha256);
  reader.read("comparable_sha256", record.comparable_sha256);
  reader.read("protocol", record.protocol);
  reader.read("protocol_version", record.protocol_version);
  reader.read("preset", record.preset);
  reader.read_object("model", record.model);
  reader.read_object("data", record.data);
  reader.read_object("provenance", record.provenance);
  read_metrics(reader, record, errors);
  reader.read_list("invalid_reasons", record.invalid_reasons);
  const Json* valid = reader.expect(
      "valid", [](const Json& j) { return j.is_boolean(); }, "true or false");
  if (valid != nullptr && valid->get<bool>() != record.invalid_reasons.empty())
    errors.add("/valid", "contradicts invalid_reasons");
  reader.read_list("departures", record.departures);
  reader.read_object("samples", record.samples);
  reader.read_object("cost", record.cost);
  if (const Json* arrays = reader.read_array("arrays")) record.arrays = *arrays;
  reader.finish();
  throw_data_errors(errors, source);
  return record;
}

void write_record(const std::filesystem::path& path, const Record& record) {
  atomic_write(path, std::string_view(record_to_json(record).dump(2) + "\n"));
}

Record read_record(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) fail(ErrorCode::data, "{}: not JSON, so not a record", path.string());
  return record_from_json(json, path.string());
}

}  // namespace alea
