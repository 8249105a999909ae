package django

func (p *Project) locate(dir, module string) {}
