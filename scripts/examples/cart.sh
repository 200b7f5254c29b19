#!/bin/sh
# SPDX-License-Identifier: MIT
# A shopping cart for each customer, kept in a session of the module kv: the
# keys are the goods, the values how many.  The cart is a process of its own
# that lives until it is closed.  GOODS is one word.
#
#   cart.sh CUSTOMER add GOODS [NUMBER]
#   cart.sh CUSTOMER show
#   cart.sh CUSTOMER remove GOODS
#   cart.sh CUSTOMER close
set -eu

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}

[ $# -ge 2 ] || usage
cart=cart-$1
action=$2
goods=${3:-}
number=${4:-1}

# Starts the cart unless it is there (exit status 3).
open() {
    spctl --quiet start --module kv -- "$cart" || [ $? -eq 3 ]
}

show() {
    keys=$(spctl call -- "$cart" list)
    for key in $keys; do
        printf '%4s  %s\n' "$(spctl call -- "$cart" "get $key")" "$key"
    done
}

case $action in
add)
    [ -n "$goods" ] || usage
    open
    spctl call -- "$cart" "incr $goods $number" >/dev/null
    show
    ;;
show) show ;;
remove)
    [ -n "$goods" ] || usage
    spctl call -- "$cart" "delete $goods"
    ;;
close) spctl stop -- "$cart" ;;
*) usage ;;
esac
