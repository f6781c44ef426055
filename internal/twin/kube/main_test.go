package kube

import "sync"

// covered are the laws that some test broke.
var covered sync.Map
