// The obvious code as an addon for node: convert(png) returns a promise of a BMP. It works in a
// thread of libuv's; node takes the vector over as it is, without a copy.
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "article.hpp"

namespace pixelferry::bench {
namespace {

using Buffer = std::vector<unsigned char>;

void check(napi_status status) {
  if (status != napi_ok) throw std::runtime_error{"node refuses: " + std::to_string(status)};
}

/// One conversion that is under way. It is made and deleted in node's thread.
struct Conversion {
  std::span<const std::uint8_t> png;
  napi_ref png_kept = nullptr;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
  std::unique_ptr<Buffer> bmp;
  std::string failure;
};

void work(napi_env /*env*/, void* data) {
  auto& conversion = *static_cast<Conversion*>(data);
  try {
    conversion.bmp = std::make_unique<Buffer>(article_bmp(conversion.png));
  } catch (const std::exception& error) {
    conversion.failure = error.what();
  }
}

void free_buffer(napi_env /*env*/, void* /*bytes*/, void* hint) {
  const std::unique_ptr<Buffer> owned{static_cast<Buffer*>(hint)};
}

napi_value buffer_of(napi_env env, std::unique_ptr<Buffer> bmp) {
  napi_value buffer = nullptr;
  check(
      napi_create_external_buffer(env, bmp->size(), bmp->data(), free_buffer, bmp.get(), &buffer));
  [[maybe_unused]] const Buffer* const free_buffer_has_it = bmp.release();
  return buffer;
}

napi_value error_of(napi_env env, const std::string& what) {
  napi_value text = nullptr;
  napi_value error = nullptr;
  check(napi_create_string_utf8(env, what.data(), what.size(), &text));
  check(napi_create_error(env, nullptr, text, &error));
  return error;
}

void settle(napi_env env, napi_status /*status*/, void* data) try {
  const std::unique_ptr<Conversion> conversion{static_cast<Conversion*>(data)};
  check(napi_delete_reference(env, conversion->png_kept));
  check(napi_delete_async_work(env, conversion->work));
  if (conversion->bmp) {
    const napi_value bmp = buffer_of(env, std::move(conversion->bmp));
    check(napi_resolve_deferred(env, conversion->deferred, bmp));
  } else {
    check(napi_reject_deferred(env, conversion->deferred, error_of(env, conversion->failure)));
  }
} catch (const std::exception& error) {  // nobody is left who could be told
  napi_fatal_error(nullptr, 0, error.what(), NAPI_AUTO_LENGTH);
}

napi_value convert(napi_env env, napi_callback_info info) try {
  auto conversion = std::make_unique<Conversion>();
  std::size_t count = 1;
  napi_value png = nullptr;
  check(napi_get_cb_info(env, info, &count, &png, nullptr, nullptr));
  void* bytes = nullptr;
  std::size_t size = 0;
  check(napi_get_buffer_info(env, png, &bytes, &size));
  conversion->png = {static_cast<const std::uint8_t*>(bytes), size};
  napi_value name = nullptr;
  check(napi_create_string_utf8(env, "convert", NAPI_AUTO_LENGTH, &name));
  check(napi_create_async_work(env, nullptr, name, work, settle, conversion.get(),
                               &conversion->work));
  check(napi_create_reference(env, png, 1, &conversion->png_kept));
  napi_value promise = nullptr;
  check(napi_create_promise(env, &conversion->deferred, &promise));
  check(napi_queue_async_work(env, conversion->work));
  [[maybe_unused]] const Conversion* const settle_has_it = conversion.release();
  return promise;
} catch (const std::exception& error) {
  napi_throw_error(env, nullptr, error.what());
  return nullptr;
}

}  // namespace
}  // namespace pixelferry::bench

NAPI_MODULE_INIT() {
  napi_value convert = nullptr;
  napi_create_function(env, "convert", NAPI_AUTO_LENGTH, pixelferry::bench::convert, nullptr,
                       &convert);
  napi_set_named_property(env, exports, "convert", convert);
  return exports;
}
