package django

import "errors"

// ReadStatic reads the settings of the project in dir without running anything.
func ReadStatic(dir, module string) (Project, error) {
	return Project{}, errors.New("django: not yet")
}
