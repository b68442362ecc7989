### organisation
