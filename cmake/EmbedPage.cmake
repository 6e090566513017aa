# SPDX-License-Identifier: MIT
# Script: writes the page PAGE as the C++ source OUTPUT that daemon/status_page.h declares.
cmake_minimum_required(VERSION 3.25)
set(base64_digits ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)

# to_base64(VARIABLE HEX): three bytes are six digits of one kind and four of the other.
function(to_base64 variable hex)
  set(text "")
  string(LENGTH "${hex}" length)
  foreach(offset RANGE 0 ${length} 6)
    string(SUBSTRING "${hex}" ${offset} 6 group)
    string(LENGTH "${group}" digits)
    if(digits EQUAL 0)
      break()
    endif()
    string(SUBSTRING "${group}0000" 0 6 padded)
    math(EXPR value "0x${padded}")
    foreach(shift 18 12 6 0)
      math(EXPR digit "(${value} >> ${shift}) & 63")
      string(SUBSTRING ${base64_digits} ${digit} 1 character)
      string(APPEND text ${character})
    endforeach()
    if(digits EQUAL 2)
      string(REGEX REPLACE "..$" "==" text "${text}")
    elseif(digits EQUAL 4)
      string(REGEX REPLACE ".$" "=" text "${text}")
    endif()
  endforeach()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# hash_of(VARIABLE ELEMENT): of the text of the page's only such element.
function(hash_of variable element)
  string(FIND "${page}" "<${element}>" start)
  string(FIND "${page}" "</${element}>" end)
  string(FIND "${page}" "<${element}" first)
  string(FIND "${page}" "<${element}" last REVERSE)
  if(start EQUAL -1 OR end LESS start OR NOT first EQUAL last)
    message(FATAL_ERROR "${PAGE}: there must be one <${element}> without attributes")
  endif()
  string(LENGTH "<${element}>" tag)
  math(EXPR start "${start} + ${tag}")
  math(EXPR length "${end} - ${start}")
  string(SUBSTRING "${page}" ${start} ${length} text)
  string(SHA256 hash "${text}")
  to_base64(base64 ${hash})
  set(${variable} "'sha256-${base64}'" PARENT_SCOPE)
endfunction()

file(READ ${PAGE} page)
hash_of(style style)
hash_of(script script)
# A literal has its limits (65,536 characters are what C++ promises): pieces of it are joined.
set(pieces "")
string(LENGTH "${page}" length)
set(offset 0)
while(offset LESS length)
  string(SUBSTRING "${page}" ${offset} 8000 piece)
  string(APPEND pieces "R\"page(${piece})page\"\n")
  math(EXPR offset "${offset} + 8000")
endwhile()
set(policy "default-src 'none'; style-src ${style}; script-src ${script}; connect-src 'self'; \
img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
file(WRITE ${OUTPUT} "// SPDX-License-Identifier: MIT
// Made of status_page.html.
#include \"daemon/status_page.h\"

namespace wsbridged {

const std::string_view kStatusPage =
${pieces};
const std::string_view kStatusPagePolicy = \"${policy}\";

}  // namespace wsbridged
")
