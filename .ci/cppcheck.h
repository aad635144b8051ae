/* SPDX-License-Identifier: MPL-2.0 */
/* What cppcheck must be told to read the code: jansson's loops, and what never returns. */
#define _Noreturn __attribute__((noreturn))
#define json_array_foreach(a, i, v) \
	for ((i) = 0; (i) < json_array_size(a) && ((v) = json_array_get(a, i)); (i)++)
#define json_object_foreach(o, k, v) \
	for ((k) = json_object_iter_key(json_object_iter(o)); (k) && ((v) = json_value_of(o, k)); \
	    (k) = json_key_after(o, k))
