// Package csp lets other scanners judge ours: Google's csp_evaluator is the oracle for csp.Parse and csp.Grade, on
// generated policies and on those of its own tests, and Mozilla's HTTP Observatory grades a site in production.
//
// It needs node 20 and the npm packages that package-lock.json pins, in the folder that AIRWORTHY_NODE_MODULES names;
// without them the tests skip. run.sh installs them in a temporary directory, without their install scripts:
//
//	./run.sh             # all of it
//	./run.sh -run Grades # one test
//
// Nothing leaves the machine once the packages are there. Generated policies come from a seed, which is logged;
// AIRWORTHY_SEED repeats a run.
package csp
