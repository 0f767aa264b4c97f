// One function for each part of the module; module.cpp calls them in order.
#pragma once

#include <pybind11/pybind11.h>

namespace pixelferry::bindings {

void register_errors(pybind11::module_& m);
void register_account(pybind11::module_& m);
void register_buffers(pybind11::module_& m);
void register_request_buffer(pybind11::module_& m);
void register_convert(pybind11::module_& m);
void register_convert_by(pybind11::module_& m);
void register_histograms(pybind11::module_& m);
void register_rotate(pybind11::module_& m);
void register_pool(pybind11::module_& m);
void register_pickling(pybind11::module_& m);
void register_simd(pybind11::module_& m);

}  // namespace pixelferry::bindings
